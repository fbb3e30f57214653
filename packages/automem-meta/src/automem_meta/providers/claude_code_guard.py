"""Starts the Claude Code program so that it ends with whoever asked for it, however that ends.

The program notices the end of its input only between two turns: alone, it would go on asking, and
paying, for as long as an answer takes. Run as a script, on the standard library alone, and before
anything else could be in its environment:

    python -I claude_code_guard.py PROGRAM ARGUMENT...
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

_PR_SET_PDEATHSIG = 1
_LOOK_SECONDS = 0.5


def run(command: Sequence[str], parent: int) -> int:
    """Become the program where the kernel ends it with its parent; watch over it elsewhere."""
    # What is empty was emptied because the program has no business with it.
    environ = {name: value for name, value in os.environ.items() if value}
    if _dies_with_parent() and os.getppid() == parent:
        os.execve(command[0], list(command), environ)  # noqa: S606 - the program itself, no shell
    return watch(command, parent, environ)


def watch(command: Sequence[str], parent: int, environ: dict[str, str]) -> int:
    """Run the program below this process, and end it when the parent is gone."""
    with subprocess.Popen(command, env=environ) as program:  # noqa: S603 - named by us

        def stop(_number: int, _frame: FrameType | None) -> None:
            program.terminate()

        signal.signal(signal.SIGTERM, stop)
        while True:
            try:
                return program.wait(_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                if os.getppid() != parent:
                    program.kill()


def _dies_with_parent() -> bool:
    if sys.platform != "linux":
        return False
    answer = ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return bool(answer == 0)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], os.getppid()))
