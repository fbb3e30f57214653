"""The command line, `automem`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code: 0 done, 1 failed, 2 usage, 3 limit, 130 interrupted."""
    from automem.cli.app import automem
    from automem.cli.errors import run_command

    _end_politely()
    sys.exit(run_command(automem, sys.argv[1:] if arguments is None else arguments))


def _end_politely() -> None:
    """Take a request to end, or a closed terminal, as Ctrl-C: children ended, the way on told."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A script ignores it for what it starts with &, and then no other request would end it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: object) -> None:
    del number, frame
    signal.raise_signal(signal.SIGINT)
