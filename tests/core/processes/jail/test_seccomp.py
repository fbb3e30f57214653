"""The filter of system calls, run by a small machine for BPF: every architecture, without one."""

from __future__ import annotations

import os
import struct

import pytest

from automem.processes.jail.inside.seccomp import ALLOW, KILL, REFUSE, program, rules
from automem.processes.jail.inside.syscalls import ARCHITECTURES, Architecture

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
EXECUTABLE, ANONYMOUS, PRIVATE = 4, 0x20, 2


def verdict(code: bytes, number: int, audit: int, *arguments: int) -> int:
    """What the filter says to a call, as the kernel would run it."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=iIQ6Q", number, audit, 0, *padded)
    steps = list(struct.iter_unpack("=HBBI", code))
    at, loaded = 0, 0
    while True:
        kind, yes, no, value = steps[at]
        at += 1
        if kind == RETURN:
            return value
        if kind == LOAD:
            loaded = struct.unpack_from("=I", data, value)[0]
            continue
        holds = {
            EQUAL: loaded == value,
            AT_LEAST: loaded >= value,
            ANY_BIT: bool(loaded & value),
        }[kind]
        at += yes if holds else no


@pytest.fixture(params=sorted(ARCHITECTURES))
def machine(request: pytest.FixtureRequest) -> Architecture:
    return ARCHITECTURES[request.param]


def ask(machine: Architecture, name: str, *arguments: int, files: bool = False) -> int:
    code = program(machine, rules(files=files))
    return verdict(code, machine.numbers[name], machine.audit, *arguments)


def test_every_number_but_those_allowed_is_refused(machine: Architecture) -> None:
    allowed = {machine.numbers[rule.name] for rule in rules(files=False)}
    code = program(machine, rules(files=False))
    refused = {n for n in range(600) if verdict(code, n, machine.audit) == REFUSE}
    assert set(range(600)) - refused <= allowed


def test_calls_of_another_architecture_kill(machine: Architecture) -> None:
    code = program(machine, rules(files=False))
    for audit in (0x40000003, 0x40000028, 0):
        assert verdict(code, 1, audit, 1) == KILL


def test_x32_calls_kill_although_they_are_made_on_x86_64() -> None:
    machine = ARCHITECTURES["x86_64"]
    code = program(machine, rules(files=False))
    for number in (0x40000000, 0x40000001, 0xFFFFFFFF):
        signed = struct.unpack("=i", struct.pack("=I", number))[0]
        assert verdict(code, signed, machine.audit, 1) == KILL


def test_pipes_are_all_that_is_read_and_written(machine: Architecture) -> None:
    assert [ask(machine, "read", n) for n in range(4)] == [ALLOW, REFUSE, REFUSE, REFUSE]
    assert [ask(machine, "write", n) for n in range(4)] == [REFUSE, ALLOW, ALLOW, REFUSE]


def test_memory_is_never_executable_and_never_a_file(machine: Architecture) -> None:
    assert ask(machine, "mmap", 0, 4096, 3, PRIVATE | ANONYMOUS) == ALLOW
    assert ask(machine, "mmap", 0, 4096, 3 | EXECUTABLE, PRIVATE | ANONYMOUS) == REFUSE
    assert ask(machine, "mmap", 0, 4096, 1, PRIVATE) == REFUSE
    assert ask(machine, "mprotect", 0, 4096, 3) == ALLOW
    assert ask(machine, "mprotect", 0, 4096, EXECUTABLE) == REFUSE


def test_advice_that_concerns_the_whole_machine_is_refused(machine: Architecture) -> None:
    assert ask(machine, "madvise", 0, 4096, 4) == ALLOW
    assert [ask(machine, "madvise", 0, 4096, n) for n in (100, 101, 9, 0)] == [REFUSE] * 4


def test_files_are_opened_for_reading_where_some_may_be_read(machine: Architecture) -> None:
    assert ask(machine, "openat") == REFUSE
    assert ask(machine, "read", 5, files=True) == ALLOW
    assert ask(machine, "openat", 0, 0, os.O_RDONLY | os.O_CLOEXEC, files=True) == ALLOW
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_APPEND):
        assert ask(machine, "openat", 0, 0, flags, files=True) == REFUSE
    assert ask(machine, "write", 5, files=True) == REFUSE
