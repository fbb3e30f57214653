"""Why a worker ended: its own sentence, a full disk, a signal, or what it said last."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from automem.files import write_text
from automem.records.training import FAILED_BY_SETTINGS
from automem_train.training.failing import disk_full, failure_of, said_why, unwritten
from automem_train.training.folder import TrainingFolder
from automem_train.workers.shared_worker import status_of

ROOM = 1 << 30


def test_its_own_sentence_is_told_without_secrets(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path)
    write_text(folder.failure, "no base at hub, tried hf_abcdefghijklmnopqrstuv.\n")
    error = failure_of("peft", folder, 1, "noise", free_bytes=ROOM)
    assert str(error).startswith("the trainer peft failed: no base at hub, tried [redacted]; what")
    assert not error.settings_failed
    assert failure_of("peft", folder, 65, "", free_bytes=0).settings_failed


@pytest.mark.parametrize("status", [1, 2, 137, 143])
def test_only_a_status_that_nothing_has_by_accident_blames_the_settings(
    tmp_path: Path, status: int
) -> None:
    error = failure_of("peft", TrainingFolder(tmp_path), status, "usage: ...", free_bytes=ROOM)
    assert not error.settings_failed


@pytest.mark.parametrize(
    ("exitcode", "status"), [(-9, 137), (-2, 130), (FAILED_BY_SETTINGS, 65), (1, 1), (0, 1)]
)
def test_of_several_workers_the_first_failure_is_told_as_that_of_one(
    exitcode: int, status: int
) -> None:
    assert status_of(exitcode) == status


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (1, "ended with status 1, and said no reason\n  first\n  last words"),
        (137, "was killed, as systems do that run out of memory"),
        (-9, "was killed, as systems do that run out of memory"),
        (139, "was ended by SIGSEGV"),
        (255, "ended with status 255"),
    ],
)
def test_without_one_it_is_told_how_it_ended_and_where_to_read(
    tmp_path: Path, status: int, said: str
) -> None:
    folder = TrainingFolder(tmp_path)
    error = failure_of("peft", folder, status, "first\n\nlast words\n", free_bytes=ROOM)
    assert said in str(error) and str(folder.log) in str(error)
    assert said_why(folder.failure) == ""


def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    silent = failure_of("peft", TrainingFolder(tmp_path), 1, "", free_bytes=0)
    assert str(silent) == str(disk_full(tmp_path))
    full = OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "job.json"))
    assert str(unwritten(tmp_path, full)) == str(disk_full(tmp_path))
    assert "is full; make room: what was learned is kept" in str(disk_full(tmp_path))
    read_only = OSError(errno.EROFS, "Read-only file system", "job.json")
    assert str(unwritten(tmp_path, read_only)).startswith("job.json cannot be written: Read-only")
