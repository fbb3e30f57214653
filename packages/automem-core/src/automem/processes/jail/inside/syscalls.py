"""Numbers of the system calls that the jail allows or uses, for each architecture it knows."""

from __future__ import annotations

from typing import Final, NamedTuple

LANDLOCK_CREATE: Final = 444
LANDLOCK_ADD: Final = 445
LANDLOCK_RESTRICT: Final = 446
"""The same numbers on every architecture."""


class Architecture(NamedTuple):
    """A machine as seccomp sees it."""

    audit: int
    """`AUDIT_ARCH_*`, which says how a call was made."""
    foreign_from: int | None
    """Numbers from here on belong to another convention (x32) of the same architecture."""
    numbers: dict[str, int]


ARCHITECTURES: Final = {
    "x86_64": Architecture(
        audit=0xC000003E,
        foreign_from=0x40000000,
        numbers={
            "read": 0,
            "write": 1,
            "close": 3,
            "fstat": 5,
            "lseek": 8,
            "mmap": 9,
            "mprotect": 10,
            "munmap": 11,
            "brk": 12,
            "rt_sigreturn": 15,
            "sched_yield": 24,
            "mremap": 25,
            "madvise": 28,
            "exit": 60,
            "capset": 126,
            "getdents64": 217,
            "restart_syscall": 219,
            "clock_gettime": 228,
            "exit_group": 231,
            "openat": 257,
            "newfstatat": 262,
            "getrandom": 318,
        },
    ),
    "aarch64": Architecture(
        audit=0xC00000B7,
        foreign_from=None,
        numbers={
            "read": 63,
            "write": 64,
            "close": 57,
            "fstat": 80,
            "lseek": 62,
            "mmap": 222,
            "mprotect": 226,
            "munmap": 215,
            "brk": 214,
            "rt_sigreturn": 139,
            "sched_yield": 124,
            "mremap": 216,
            "madvise": 233,
            "exit": 93,
            "capset": 91,
            "getdents64": 61,
            "restart_syscall": 128,
            "clock_gettime": 113,
            "exit_group": 94,
            "openat": 56,
            "newfstatat": 79,
            "getrandom": 278,
        },
    ),
}
