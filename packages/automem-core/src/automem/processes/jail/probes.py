"""Attempts to get out of the jail, loaded into it as its code; the host never imports this.

Nothing here destroys anything: where nothing is locked, each reaches its aim without harm. A probe
is denied by an error that says so; any other error proves nothing.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

_DENIALS = (1, 11, 12, 13, 38)
"""EPERM, EAGAIN (no more processes), ENOMEM, EACCES, ENOSYS."""
_NUMBERS = {
    "bpf": (321, 280),
    "clone3": (435, 435),
    "execveat": (322, 281),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "perf_event_open": (298, 241),
    "prctl": (157, 167),
    "process_vm_readv": (310, 270),
    "ptrace": (101, 117),
    "ioctl": (16, 29),
    "setitimer": (38, 103),
    "socket": (41, 198),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
"""Of x86-64 and of aarch64."""


def names() -> list[str]:
    """All probes."""
    return sorted(_PROBES)


def attempt(name: str) -> str:
    """Whether it was denied, or what was reached, or why it shows nothing."""
    try:
        return f"reached: {_PROBES[name]()}"
    except MemoryError:
        return "denied"
    except OSError as error:
        return "denied" if error.errno in _DENIALS else f"shows nothing: {error!r}"
    except BaseException as error:  # noqa: BLE001 - what raises so shows nothing
        return f"shows nothing: {error!r}"


def _module(name: str) -> Any:
    """Any module that the interpreter holds, past the list of those that may be imported."""
    return vars(collections)["_sys"].modules[name]


def _built_in(name: str) -> Any:
    """A module that needs no file."""
    return _module("builtins").__import__(name)


def _libc() -> Any:
    return _module("ctypes").CDLL(None, use_errno=True)


def _call(name: str, *arguments: Any) -> str:
    """Make a system call; an error other than a denial means that it was let through."""
    ctypes = _module("ctypes")
    on_arm = "aarch64" in _module("sys").implementation._multiarch
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    result = _libc().syscall(_NUMBERS[name][on_arm], *map(ctypes.c_long, padded))
    number = ctypes.get_errno()
    if result < 0 and number in _DENIALS:
        raise OSError(number, name)
    return f"{name} answered {result}"


def _let_through(action: Callable[[], Any], *expected: int) -> str:
    """Where the kernel looks at the arguments, it fails by one of the expected errors."""
    try:
        return repr(action())
    except OSError as error:
        if error.errno not in expected:
            raise
        return f"let through, and failed by {error.errno}"


def _read(path: str) -> str:
    with open(path) as file:  # noqa: PTH123 - paths are no module that may be imported
        return file.readline()


def _start_thread() -> str:
    try:
        return str(_built_in("_thread").start_new_thread(int, ()))
    except RuntimeError as error:
        raise PermissionError(1, str(error)) from error


def _fork() -> str:
    child = _module("os").fork()
    if child == 0:
        _module("os")._exit(0)
    return f"process {child}"


def _executable_memory() -> str:
    ctypes = _module("ctypes")
    libc = _libc()
    libc.mmap.restype = ctypes.c_void_p
    page = ctypes.c_size_t(4096)
    address = libc.mmap(None, page, 7, 0x22, -1, ctypes.c_long(0))
    if address in (None, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), "mmap")
    return hex(address)


_PROBES: dict[str, Callable[[], Any]] = {
    "read a file": lambda: _read("/etc/passwd"),
    "read /proc/self/environ": lambda: _read("/proc/self/environ"),
    "read /proc/self/maps": lambda: _read("/proc/self/maps"),
    "open /proc/self/mem": lambda: _module("os").open("/proc/self/mem", 0),
    "list a folder": lambda: _module("os").listdir("/")[:1],
    "look for a file": lambda: _module("os").stat("/etc/passwd").st_size,
    "make a file": lambda: _module("os").open("/", _module("os").O_TMPFILE | 1),
    "remove a file": lambda: _let_through(lambda: _module("os").unlink("/no-such-file"), 2),
    "change folder": lambda: _module("os").chdir("/"),
    "network socket": lambda: _call("socket", 2, 1),
    "unix socket": lambda: _call("socket", 1, 1),
    "netlink socket": lambda: _call("socket", 16, 3),
    "exec a program": lambda: _let_through(lambda: _module("os").execv("/no-such", ["x"]), 2),
    "fork": _fork,
    "clone3": lambda: _call("clone3"),
    "start a thread": _start_thread,
    "signal the host": lambda: _module("os").kill(_module("os").getppid(), 0),
    "handle signals": lambda: _built_in("_signal").signal(10, print),
    "ptrace": lambda: _call("ptrace", 16),
    "read another process": lambda: _call("process_vm_readv"),
    "2 GiB of memory": lambda: len(bytearray(2**31)),
    "memfd_create": lambda: _call("memfd_create"),
    "execveat": lambda: _call("execveat", -1),
    "executable memory": _executable_memory,
    "io_uring": lambda: _call("io_uring_setup", 1),
    "bpf": lambda: _call("bpf"),
    "namespaces": lambda: _call("unshare"),
    "prctl": lambda: _call("prctl", 3),
    "timers": lambda: _call("setitimer"),
    "performance counters": lambda: _call("perf_event_open"),
    "userfaultfd": lambda: _call("userfaultfd", 1),
    "keyrings": lambda: _call("keyctl"),
    "push keys to a terminal": lambda: _call("ioctl", 0, 0x5412),
    "copy a descriptor": lambda: _module("os").dup(1),
}
