"""Locking asks the kernel for the right things in the right order."""

from __future__ import annotations

import os
import resource
import struct
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from automem.processes.jail.inside import landlock
from automem.processes.jail.inside.kernel import LinuxKernel
from automem.processes.jail.inside.lock import NOBODY, Lock, close_inherited, lock
from automem.processes.jail.inside.syscalls import (
    LANDLOCK_ADD,
    LANDLOCK_CREATE,
    LANDLOCK_RESTRICT,
)

HOST = os.getppid()


@dataclass
class RecordingKernel:
    """Does nothing but remember what it was asked."""

    abi: int = 7
    asked: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])
    may_become: bool = True

    def limit(self, which: int, most: int) -> None:
        self.asked.append(("limit", which, most))
        if which == resource.RLIMIT_MEMLOCK:
            raise ValueError("this system knows no such limit")

    def become(self, user: int) -> None:
        self.asked.append(("become", user))
        if not self.may_become:
            raise PermissionError(1, "not root enough")

    def prctl(self, option: int, *arguments: int) -> int:
        self.asked.append(("prctl", option, *arguments))
        return 0

    def syscall(self, number: int, *arguments: int | bytes | None) -> int:
        self.asked.append(("syscall", number, *arguments))
        if number == LANDLOCK_CREATE and arguments[0] is None:
            if not self.abi:
                raise OSError(38, "Function not implemented")
            return self.abi
        return os.open(os.devnull, os.O_RDONLY) if number == LANDLOCK_CREATE else 0

    def install_filter(self, program: bytes) -> None:
        self.asked.append(("filter", len(program) % 8))


def locked(kernel: RecordingKernel, *, landlock: bool = True, readable: Path | None = None) -> int:
    paths = () if readable is None else (str(readable),)
    return lock(kernel, Lock(landlock=landlock, memory_bytes=2**28, readable=paths, host=HOST))


def test_the_filter_comes_last_and_the_death_signal_after_the_user() -> None:
    kernel = RecordingKernel()
    assert locked(kernel) == 7
    kinds = [asked[0] if asked[0] != "prctl" else asked[:3] for asked in kernel.asked]
    assert kinds[-1] == "filter"
    assert kinds.index("become") < kinds.index(("prctl", 1, 9))
    assert kinds.index(("prctl", 38, 1)) < kinds.index("filter")
    assert ("become", NOBODY) in kernel.asked
    assert ("limit", resource.RLIMIT_FSIZE, 0) in kernel.asked


def test_the_user_stays_where_files_are_to_be_read(tmp_path: Path) -> None:
    kernel = RecordingKernel()
    locked(kernel, readable=tmp_path)
    assert "become" not in [asked[0] for asked in kernel.asked]


def test_root_that_may_not_become_another_is_locked_all_the_same() -> None:
    kernel = RecordingKernel(may_become=False)
    locked(kernel)
    assert kernel.asked[-1][0] == "filter"


def test_without_landlock_the_filter_alone_is_asked_for() -> None:
    kernel = RecordingKernel()
    assert locked(kernel, landlock=False) == 0
    numbers = [asked[1] for asked in kernel.asked if asked[0] == "syscall"]
    assert LANDLOCK_RESTRICT not in numbers


def test_an_orphan_does_not_begin() -> None:
    with pytest.raises(ProcessLookupError, match="the host died"):
        lock(RecordingKernel(), Lock(landlock=True, memory_bytes=1, readable=(), host=HOST + 1))


def test_landlock_denies_what_its_version_knows() -> None:
    sizes = {abi: len(landlock.ruleset(abi)) for abi in range(1, 8)}
    assert sizes == {1: 8, 2: 8, 3: 8, 4: 16, 5: 16, 6: 24, 7: 24}
    rights = {abi: struct.unpack_from("=Q", landlock.ruleset(abi))[0] for abi in (1, 2, 3, 5, 7)}
    assert rights == {1: 2**13 - 1, 2: 2**14 - 1, 3: 2**15 - 1, 5: 2**16 - 1, 7: 2**16 - 1}


def test_landlock_lets_folders_be_listed_and_files_be_read(tmp_path: Path) -> None:
    shown = tmp_path / "shown.txt"
    shown.touch()
    kernel = RecordingKernel(abi=3)
    assert landlock.restrict(kernel, [str(tmp_path), str(shown)]) == 3
    rules = [asked[4] for asked in kernel.asked if asked[1] == LANDLOCK_ADD]
    assert [struct.unpack_from("=Q", rule)[0] for rule in rules if isinstance(rule, bytes)] == [
        0b1100,
        0b0100,
    ]


def test_no_version_is_zero() -> None:
    assert landlock.version(RecordingKernel(abi=0)) == 0


def test_the_real_kernel_answers_and_its_errors_are_errors() -> None:
    kernel = LinuxKernel()
    assert kernel.prctl(3) in (0, 1, 2)
    with pytest.raises(OSError, match="Invalid argument"):
        kernel.prctl(-1)


def test_a_limit_is_set_for_good() -> None:
    which = resource.RLIMIT_NICE
    hard = resource.getrlimit(which)[1]
    LinuxKernel().limit(which, hard)
    assert resource.getrlimit(which) == (hard, hard)


def test_inherited_descriptors_are_closed() -> None:
    # In this process only a high one can be closed without harm.
    opened = os.open(os.devnull, os.O_RDONLY)
    kept = [int(name) for name in os.listdir("/proc/self/fd") if int(name) != opened]  # noqa: PTH208
    close_inherited(kept)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened)
