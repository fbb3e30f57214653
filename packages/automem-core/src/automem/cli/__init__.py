"""The command line, `automem`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code: 0 done, 1 failed, 2 usage, 3 limit, 130 interrupted."""
    from automem.cli.app import automem
    from automem.cli.errors import run_command

    sys.exit(run_command(automem, sys.argv[1:] if arguments is None else arguments))
