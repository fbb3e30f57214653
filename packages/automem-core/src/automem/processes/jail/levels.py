"""Which levels this machine offers, and the command line that starts a process at each."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple, get_args

from automem.errors import JailError
from automem.processes.jail.inside import landlock
from automem.processes.jail.inside.kernel import LinuxKernel
from automem.processes.jail.inside.syscalls import ARCHITECTURES
from automem.processes.jail.process import ENVIRONMENT
from automem.records.jail import JailLevel, JailLimits

LEVELS: Final[tuple[JailLevel, ...]] = get_args(JailLevel)
_ISOLATED: Final = ("-P", "-s", "-S", "-B")
"""No path but the standard library's. Not -I, which would ignore the one variable that is set."""
_TRY_SECONDS: Final = 10.0
_INSIDE: Final = Path(__file__).parent / "inside"
_SECCOMP = Path("/proc/sys/kernel/seccomp/actions_avail")
_SYSTEM = ("/bin", "/lib", "/lib32", "/lib64", "/usr")


class Machine(NamedTuple):
    """What decides which levels there can be."""

    system: str
    architecture: str
    seccomp: bool
    landlock: int
    """The version of its interface; 0 is none."""
    bubblewrap: str | None
    """The path of its program."""
    monty: bool


def this_machine() -> Machine:
    """The machine this process runs on."""
    on_linux = sys.platform == "linux"
    return Machine(
        system=sys.platform,
        # A 32-bit interpreter on a 64-bit system makes other calls.
        architecture=platform.machine() if sys.maxsize > 2**32 else "32-bit",
        seccomp=_SECCOMP.exists(),
        landlock=landlock.version(LinuxKernel()) if on_linux else 0,
        bubblewrap=shutil.which("bwrap"),
        monty=find_spec("pydantic_monty") is not None,
    )


def best_level(machine: Machine | None = None) -> JailLevel:
    """The strongest level that the machine, this one, seems to offer; `self_test` proves one.

    Raises JailError if it offers none. "none" is never the best.
    """
    seen = machine or this_machine()
    for level in LEVELS[:-1]:
        if why_not(level, seen) is None:
            return level
    raise JailError(
        "this machine has no jail for model-written code; install 'automem-core[monty]', "
        "run without code, or allow it with --unsafe-code"
    )


def why_not(level: JailLevel, machine: Machine | None = None) -> str | None:
    """Why the machine does not offer the level, in a few words; None if it seems to."""
    seen = machine or this_machine()
    if level == "none":
        return None
    if level == "monty":
        return None if seen.monty else "pydantic-monty is not installed"
    if seen.system != "linux":
        return "it needs Linux"
    if seen.architecture not in ARCHITECTURES:
        return f"no list of system calls for a {seen.architecture} interpreter"
    if not seen.seccomp:
        return "the kernel has no seccomp filters"
    if level == "seccomp":
        return None
    if not seen.landlock:
        return "the kernel has no Landlock"
    return None if level == "landlock" else _why_no_bubblewrap(seen.bubblewrap)


def _why_no_bubblewrap(program: str | None) -> str | None:
    if program is None:
        return "bwrap is not installed"
    argv = [*_bubblewrap(program, ()), _python(), *_ISOLATED, "-c", ""]
    try:
        tried = subprocess.run(  # noqa: S603 - the arguments are ours
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRY_SECONDS,
            env={},
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"bwrap cannot be run: {error}"
    if tried.returncode == 0:
        return None
    said = tried.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
    return f"bwrap fails here: {said[-1]}"


def argv_of(level: JailLevel, limits: JailLimits, readable: Sequence[Path]) -> list[str]:
    """How a worker at this level is started."""
    options = {
        "host": 0 if level == "bubblewrap" else os.getpid(),
        "locked": level != "none",
        "landlock": level in ("bubblewrap", "landlock"),
        "memory_bytes": limits.memory_bytes,
        "reply_bytes": limits.reply_bytes,
        "readable": [str(path) for path in readable],
    }
    started = [_python(), *_ISOLATED, str(_INSIDE / "boot.py"), json.dumps(options)]
    if level != "bubblewrap":
        return started
    program = shutil.which("bwrap") or "bwrap"
    return [*_bubblewrap(program, readable), *started]


def _python() -> str:
    """The interpreter itself, not the link of a virtual environment, which the jail has not."""
    return str(Path(sys.executable).resolve())


def _bubblewrap(program: str, readable: Sequence[Path]) -> list[str]:
    """An empty system with the interpreter, this package and what is to be read."""
    argv = [program, "--unshare-all", "--die-with-parent", "--clearenv", "--cap-drop", "ALL"]
    for name, value in ENVIRONMENT.items():
        argv += ["--setenv", name, value]
    argv += ["--uid", "65534", "--gid", "65534", "--dev-bind", "/dev/null", "/dev/null"]
    for folder in map(Path, _SYSTEM):
        if folder.is_symlink():
            argv += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            argv += ["--ro-bind", str(folder), str(folder)]
    shown = [Path("/etc/ld.so.cache"), Path(sys.base_prefix).resolve(), _INSIDE, *readable]
    for path in shown:
        inside_system = any(path.is_relative_to(folder) for folder in _SYSTEM)
        if path.exists() and not inside_system:
            argv += ["--ro-bind", str(path), str(path)]
    return [*argv, "--chdir", "/"]
