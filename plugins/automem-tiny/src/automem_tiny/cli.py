"""`automem-tiny`: where the model lies, and how it is made anew."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from automem_tiny.folders import model


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(prog="automem-tiny", description=__doc__, allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("path", help="print the folder of the model that comes with the package")
    build = verbs.add_parser(
        "build", help="make corpus, tokenizer and weights; goes on when run again"
    )
    build.add_argument("folder", type=Path, help="where everything is put")
    given = parser.parse_args(arguments)
    if given.verb == "path":
        sys.stdout.write(f"{model()}\n")
        return 0
    from automem_tiny.building import build_model

    return build_model(given.folder)


if __name__ == "__main__":
    sys.exit(main())
