"""The allow-list of system calls, as a BPF program.

What is not listed answers EPERM: code that tries it gets an exception it can read, and is counted
as at fault like any other. Only a call made by another architecture's convention kills the
process, since no program that this interpreter runs makes one, and its numbers mean other calls.
"""

from __future__ import annotations

import errno
import os
import struct
from typing import Final, NamedTuple

from automem.processes.jail.inside.syscalls import Architecture

ALLOW: Final = 0x7FFF0000
KILL: Final = 0x80000000
REFUSE: Final = 0x00050000 | errno.EPERM

_LOAD = 0x20
_EQUAL = 0x15
_AT_LEAST = 0x35
_ANY_BIT = 0x45
_RETURN = 0x06
_NUMBER_AT = 0
_ARCHITECTURE_AT = 4
_ARGUMENTS_AT = 16

_PROT_EXEC = 0x4
_MAP_ANONYMOUS = 0x20
_ADVICE = (4, 8, 14, 15)
"""DONTNEED, FREE, HUGEPAGE, NOHUGEPAGE; others can take pages from the whole machine."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Argument(NamedTuple):
    """A condition on the lower half of an argument, which is all the kernel reads of these."""

    position: int
    one_of: tuple[int, ...] = ()
    bit: int = 0
    """Must be set."""
    no_bits: int = 0


class Rule(NamedTuple):
    """A system call that is allowed if all conditions hold."""

    name: str
    arguments: tuple[Argument, ...] = ()


def rules(*, files: bool) -> tuple[Rule, ...]:
    """What a computing interpreter needs; with `files` also what reading files needs."""
    always = (
        Rule("write", (Argument(0, one_of=(1, 2)),)),
        Rule("brk"),
        Rule("mmap", (Argument(2, no_bits=_PROT_EXEC), Argument(3, bit=_MAP_ANONYMOUS))),
        Rule("munmap"),
        Rule("mremap"),
        Rule("mprotect", (Argument(2, no_bits=_PROT_EXEC),)),
        Rule("madvise", (Argument(2, one_of=_ADVICE),)),
        Rule("clock_gettime"),
        Rule("getrandom"),
        Rule("sched_yield"),
        Rule("rt_sigreturn"),
        Rule("restart_syscall"),
        Rule("exit"),
        Rule("exit_group"),
    )
    if not files:
        return (Rule("read", (Argument(0, one_of=(0,)),)), *always)
    return (
        Rule("read"),
        *always,
        Rule("openat", (Argument(2, no_bits=_WRITING),)),
        Rule("fstat"),
        Rule("newfstatat"),
        Rule("lseek"),
        Rule("getdents64"),
        Rule("close"),
    )


def program(architecture: Architecture, allowed: tuple[Rule, ...]) -> bytes:
    """The filter for calls made on `architecture`, as an array of `struct sock_filter`."""
    code = [_step(_LOAD, _ARCHITECTURE_AT), _step(_EQUAL, architecture.audit, yes=1)]
    code += [_step(_RETURN, KILL), _step(_LOAD, _NUMBER_AT)]
    if architecture.foreign_from is not None:
        code += [_step(_AT_LEAST, architecture.foreign_from, no=1), _step(_RETURN, KILL)]
    for rule in allowed:
        block = _conditions(rule)
        code += [_step(_EQUAL, architecture.numbers[rule.name], no=len(block)), *block]
    return b"".join([*code, _step(_RETURN, REFUSE)])


def _conditions(rule: Rule) -> list[bytes]:
    """Instructions that end in a verdict; each condition falls through where it holds."""
    code: list[bytes] = []
    for argument in rule.arguments:
        code.append(_step(_LOAD, _ARGUMENTS_AT + 8 * argument.position))
        if argument.one_of:
            left = len(argument.one_of)
            for before, value in enumerate(argument.one_of):
                code.append(_step(_EQUAL, value, yes=left - before))
            code.append(_step(_RETURN, REFUSE))
        if argument.bit:
            code += [_step(_ANY_BIT, argument.bit, yes=1), _step(_RETURN, REFUSE)]
        if argument.no_bits:
            code += [_step(_ANY_BIT, argument.no_bits, no=1), _step(_RETURN, REFUSE)]
    return [*code, _step(_RETURN, ALLOW)]


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
