"""The few calls to the kernel that Python has no function for, by ctypes."""

from __future__ import annotations

import ctypes
import os
from typing import Protocol


class Kernel(Protocol):
    """What locking asks of the kernel."""

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
