"""A process between AutoMem and a program, so that the program ends when AutoMem does, however.

    python -I -S supervisor.py GRACE_SECONDS PROGRAM ARGUMENT...

It starts the program and ends it, with everything that it started, when its own input closes
(AutoMem is gone, even by SIGKILL), when it is told to terminate, or when the program itself ends.
On Linux it adopts what the program leaves behind. Standard library only: it starts in moments.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

_SET_CHILD_SUBREAPER = 36
_SET_DEATH_SIGNAL = 1
_LOOK_SECONDS = 0.1
"""How soon the end of the program is noticed."""
_NOT_CALLED = 127
_KILL_ROUNDS = 100
"""What is killed may have started something in the meantime; it ends when nothing is left."""


def supervised(argv: Sequence[str], grace_seconds: float) -> tuple[str, ...]:
    """The command that runs a program under its supervisor; its owner holds the input open."""
    return (sys.executable, "-I", "-S", __file__, str(grace_seconds), *argv)


def main(arguments: list[str]) -> int:
    """Run the program to its end, or to ours; its exit status, 128 + N where signal N ended it."""
    grace_seconds, argv = float(arguments[0]), arguments[1:]
    ending = [False]

    def end(_number: int, _frame: FrameType | None) -> None:
        ending[0] = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    control = _control()
    if control is not None:
        control.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def die_with_us() -> None:
        if control is not None:
            control.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)

    try:
        program = subprocess.Popen(  # noqa: S603 - the configuration says what to run
            argv,
            stdin=subprocess.DEVNULL,
            stdout=2,
            # What the owner passed on, such as a file that is locked for as long as it is open.
            close_fds=False,
            # One thread runs here; where this process is killed, the program is killed with it.
            preexec_fn=die_with_us,
        )
    except OSError as error:
        sys.stderr.write(f"cannot call {argv[0]}: {error.strerror}\n")
        return _NOT_CALLED
    try:
        while program.poll() is None and not ending[0] and not _owner_is_gone():
            if control is not None:
                _bury(program)
        _end(program, grace_seconds)
    finally:
        _end_rest()
    code = program.returncode
    return code if code >= 0 else 128 - code


def _control() -> ctypes.CDLL | None:
    """The C library where it has `prctl`."""
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _owner_is_gone() -> bool:
    """Wait a moment; whether the pipe from the owner was closed meanwhile."""
    with suppress(InterruptedError):
        readable, _, _ = select.select([0], [], [], _LOOK_SECONDS)
        return bool(readable) and os.read(0, 4096) == b""
    return False


def _end(program: subprocess.Popen[bytes], grace_seconds: float) -> None:
    if program.poll() is None:
        program.terminate()
        until = time.monotonic() + grace_seconds
        while program.poll() is None and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        program.kill()
    program.wait()


def _bury(program: subprocess.Popen[bytes]) -> None:
    """Wait for what was adopted and has ended; the program itself is waited for by its name."""
    with suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if ended.si_pid == program.pid:
                return
            os.waitpid(ended.si_pid, 0)


def _end_rest() -> None:
    """Kill what the program left behind, however deep, until there is nothing."""
    for _ in range(_KILL_ROUNDS):
        left = _descendants(os.getpid())
        if not left:
            return
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(_LOOK_SECONDS)


def _descendants(pid: int) -> list[int]:
    """Every process below this one; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            # After the name, which may hold anything: state, parent, ...
            fields = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found: list[int] = []
    above = [pid]
    while above:
        above = [child for one in above for child in children.get(one, ())]
        found += above
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
