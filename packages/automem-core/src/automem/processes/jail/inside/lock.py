"""Locks this process, for good, in the order that leaves each step possible."""

from __future__ import annotations

import os
import platform
import resource
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from automem.processes.jail.inside import landlock, seccomp
from automem.processes.jail.inside.kernel import Kernel
from automem.processes.jail.inside.syscalls import ARCHITECTURES

NOBODY: Final = 65534
_SET_DEATH_SIGNAL, _SET_DUMPABLE, _SET_NO_NEW_PRIVILEGES = 1, 4, 38
_SIGKILL = 9
_CAPABILITIES_V3 = 0x20080522
_DESCRIPTORS = 16
_CPU_SECONDS = 3600
"""Of the whole process; a call that does not end is ended by the host."""


class Lock(NamedTuple):
    """How far to lock."""

    landlock: bool
    memory_bytes: int
    readable: tuple[str, ...]
    host: int
    """Its process; 0 where it has no number in here."""


def lock(kernel: Kernel, how: Lock) -> int:
    """Take everything away that `how` says; the version of Landlock used, or 0.

    Raises OSError if a step that the level promises fails.
    """
    limit(kernel, how)
    _drop_identity(kernel, keep_user=bool(how.readable))
    # After the change of user, which clears it.
    kernel.prctl(_SET_DEATH_SIGNAL, _SIGKILL)
    if how.host and os.getppid() != how.host:
        raise ProcessLookupError("the host died before the death signal was set")
    kernel.prctl(_SET_DUMPABLE, 0)
    kernel.prctl(_SET_NO_NEW_PRIVILEGES, 1)
    abi = landlock.restrict(kernel, how.readable) if how.landlock else 0
    architecture = ARCHITECTURES[platform.machine()]
    allowed = seccomp.rules(files=bool(how.readable))
    kernel.install_filter(seccomp.program(architecture, allowed))
    return abi


def limit(kernel: Kernel, how: Lock) -> None:
    """Set the limits on resources, those that this system knows."""
    bounds = {
        resource.RLIMIT_AS: how.memory_bytes,
        resource.RLIMIT_CPU: _CPU_SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_NOFILE: _DESCRIPTORS,
    }
    for which, most in bounds.items():
        # macOS knows some of these by name alone; what a level promises is proven by probes.
        with suppress(ValueError, OSError):
            kernel.limit(which, most)


def _drop_identity(kernel: Kernel, *, keep_user: bool) -> None:
    """Become nobody where this is root, and keep no capability in any case.

    With files to read the user stays: they may be readable to no one else.
    """
    if os.geteuid() == 0 and not keep_user:
        # A container may have root without the right to become someone else.
        with suppress(PermissionError):
            kernel.become(NOBODY)
    header = struct.pack("=Ii", _CAPABILITIES_V3, 0)
    number = ARCHITECTURES[platform.machine()].numbers["capset"]
    kernel.syscall(number, header, bytes(24))


def close_inherited(kept: Sequence[int]) -> None:
    """Close every descriptor but these."""
    last = max(kept)
    for number in range(last):
        if number not in kept:
            with suppress(OSError):
                os.close(number)
    os.closerange(last + 1, 65536)
