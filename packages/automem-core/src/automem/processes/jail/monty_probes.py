"""Attempts to get out of Monty, as the code that is loaded into it; the host never imports this.

What Monty does not have, it denies: a missing module or name is as good as a refusal.
"""

# Ways that are taken nowhere else are tried here.
# ruff: noqa: PTH123, PTH208, S606, S607
from __future__ import annotations

_DENIALS = (
    PermissionError,
    ImportError,
    AttributeError,
    NameError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
)


def names() -> list[str]:
    """All probes."""
    return sorted(_PROBES)


def attempt(name: str) -> str:
    """Whether it was denied, or what was reached, or why it shows nothing."""
    try:
        return f"reached: {_PROBES[name]()}"
    except _DENIALS:
        return "denied"
    except Exception as error:  # noqa: BLE001 - what raises so shows nothing
        return f"shows nothing: {error!r}"


def _read_file():
    return open("/etc/passwd").read()


def _read_environ():
    return open("/proc/self/environ").read()


def _read_path():
    from pathlib import Path

    return Path("/etc/passwd").read_text()


def _environment():
    import os

    return os.environ


def _list_folder():
    import os

    return os.listdir("/")


def _make_file():
    return open("automem-probe", "w")


def _network():
    import socket

    return socket.socket()


def _exec():
    import os

    return os.execv("/no-such", ["x"])


def _program():
    import subprocess

    return subprocess.run(["true"])


def _fork():
    import os

    return os.fork()


def _signal_host():
    import os

    return os.kill(os.getppid(), 0)


def _thread():
    import threading

    return threading.Thread()


def _foreign_code():
    import ctypes

    return ctypes.CDLL(None)


def _classes():
    return object.__subclasses__()


def _memory():
    return len("x" * 2**31)


_PROBES = {
    "read a file": _read_file,
    "read /proc/self/environ": _read_environ,
    "read a path": _read_path,
    "read the environment": _environment,
    "list a folder": _list_folder,
    "make a file": _make_file,
    "network socket": _network,
    "exec a program": _exec,
    "run a program": _program,
    "fork": _fork,
    "start a thread": _thread,
    "signal the host": _signal_host,
    "call foreign code": _foreign_code,
    "walk the classes": _classes,
    "2 GiB of memory": _memory,
}
