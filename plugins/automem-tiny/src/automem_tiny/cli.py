"""`automem-tiny`: where the model lies, and how it is made anew."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from automem_tiny.folders import model

MODES: Final = ("live", "plain", "json")
_BUILD: Final = """\
Makes a corpus, a tokenizer and weights, and measures how well they play. It
needs the interpreter of `automem setup local`, and no GPU. Whenever it is
stopped or killed, the same command goes on, and ends with the same bytes as if
it had never been stopped.
"""
_EXAMPLES: Final = """\
examples:
  automem-tiny build /tmp/tiny --quick    a few minutes, to see that it works
  automem-tiny build tiny                 the model that comes with the package
  automem-tiny build tiny                 goes on where it stopped

The model is in FOLDER/model, with provenance.json, which says what made it;
FOLDER/stage-*/curve.jsonl are learning curves, FOLDER/evaluation.json says how
well it plays, and FOLDER/logs has what each command said.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(prog="automem-tiny", description=__doc__, allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("path", help="print the folder of the model that comes with the package")
    build = verbs.add_parser(
        "build",
        help="make corpus, tokenizer and weights; goes on when run again",
        description=_BUILD,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    build.add_argument("folder", metavar="FOLDER", type=Path, help="where everything is put")
    build.add_argument(
        "--quick", action="store_true", help="with few episodes and steps: it learns to speak"
    )
    build.add_argument(
        "--display", choices=MODES, help="how progress is shown; live on a terminal, else plain"
    )
    given = parser.parse_args(arguments)
    if given.verb == "path":
        sys.stdout.write(f"{model()}\n")
        return 0
    try:
        from automem_tiny.building.build import build_model

        return build_model(given.folder, quick=given.quick, display=given.display)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
