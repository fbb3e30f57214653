"""The few calls to the kernel that Python has no function for, by ctypes."""

from __future__ import annotations

import ctypes
import os
import resource
from typing import Protocol


class Kernel(Protocol):
    """What locking asks of the kernel, all of which changes this process for good."""

    def limit(self, which: int, most: int) -> None:
        """Bound a resource, `RLIMIT_*`, never above what bounds it already. Raises OSError."""
        ...

    def become(self, user: int) -> None:
        """Be this user and group, and of no other group. Raises OSError."""
        ...

    def prctl(self, option: int, *arguments: int) -> int:
        """Its result. Raises OSError."""
        ...

    def syscall(self, number: int, *arguments: int | bytes | None) -> int:
        """Its result; bytes are passed by address. Raises OSError."""
        ...

    def install_filter(self, program: bytes) -> None:
        """Make the BPF program the seccomp filter of this thread. Raises OSError."""
        ...


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


_INSTRUCTION_BYTES = 8
_SET_SECCOMP = 22
_MODE_FILTER = 2


class LinuxKernel:
    """The kernel this process runs on."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)

    def limit(self, which: int, most: int) -> None:
        """See `Kernel`."""
        hard = resource.getrlimit(which)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (bound, bound))

    def become(self, user: int) -> None:
        """See `Kernel`."""
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)

    def prctl(self, option: int, *arguments: int) -> int:
        """See `Kernel`."""
        padded = (*arguments, 0, 0, 0, 0)[:4]
        return self._checked(self._libc.prctl(option, *map(ctypes.c_ulong, padded)))

    def syscall(self, number: int, *arguments: int | bytes | None) -> int:
        """See `Kernel`."""
        passed = [
            ctypes.c_long(value) if isinstance(value, int) else ctypes.c_char_p(value)
            for value in arguments
        ]
        return self._checked(self._libc.syscall(ctypes.c_long(number), *passed))

    def install_filter(self, program: bytes) -> None:
        """See `Kernel`."""
        loaded = _Program(len(program) // _INSTRUCTION_BYTES, program)
        self.prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(loaded))

    def _checked(self, result: int) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result
