"""Landlock: no path but the listed ones, no TCP, no signal and no abstract socket to outside.

What a kernel does not know of is left out, by the version it reports; what it leaves open, the
allow-list of system calls closes.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Sequence
from typing import Final

from automem.processes.jail.inside.kernel import Kernel
from automem.processes.jail.inside.syscalls import (
    LANDLOCK_ADD,
    LANDLOCK_CREATE,
    LANDLOCK_RESTRICT,
)

_VERSION_ASKED = 1
_PATH_BENEATH = 1
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_FILE_RIGHTS: Final = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Version -> the rights it added: all of the first, then refer, truncate, device ioctl."""
_NETWORK_SINCE, _NETWORK_RIGHTS = 4, 0b11
_SCOPES_SINCE, _SCOPES = 6, 0b11


def version(kernel: Kernel) -> int:
    """The version of Landlock's interface; 0 where it is missing or switched off."""
    try:
        return kernel.syscall(LANDLOCK_CREATE, None, 0, _VERSION_ASKED)
    except OSError:
        return 0


def ruleset(abi: int) -> bytes:
    """`struct landlock_ruleset_attr` of that version with everything denied."""
    fields = [sum(bits for since, bits in _FILE_RIGHTS.items() if since <= abi)]
    if abi >= _NETWORK_SINCE:
        fields.append(_NETWORK_RIGHTS)
    if abi >= _SCOPES_SINCE:
        fields.append(_SCOPES)
    return struct.pack(f"={len(fields)}Q", *fields)


def restrict(kernel: Kernel, readable: Sequence[str]) -> int:
    """Deny all but reading what is at or below `readable`; the version that did. Raises OSError."""
    abi = version(kernel)
    attributes = ruleset(abi)
    rules = kernel.syscall(LANDLOCK_CREATE, attributes, len(attributes), 0)
    for path in readable:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        folder = stat.S_ISDIR(os.fstat(opened).st_mode)
        rights = _READ_FILE | _READ_DIR if folder else _READ_FILE
        kernel.syscall(LANDLOCK_ADD, rules, _PATH_BENEATH, struct.pack("=Qi", rights, opened), 0)
        os.close(opened)
    kernel.syscall(LANDLOCK_RESTRICT, rules, 0)
    os.close(rules)
    return abi
