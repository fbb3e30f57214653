"""Why a worker ended before its adapter was whole, and what can be done about it."""

from __future__ import annotations

import errno
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from automem.errors import TrainerError
from automem.processes.tail import last_lines
from automem.records.training import FAILED_BY_SETTINGS
from automem.secrets import redact
from automem_train.training.folder import TrainingFolder

GOES_ON = "what was learned is kept, and the same command goes on from there"
_LITTLE_BYTES = 1 << 20
"""A disk with less room than this is full for any writer."""
_MOST_CHARACTERS = 2000
_OUT_OF_MEMORY = signal.SIGKILL


def failure_of(
    name: str, folder: TrainingFolder, status: int, log: str, *, free_bytes: int
) -> TrainerError:
    """The error for a worker of the trainer `name` that ended with `status`, having said `log`.

    A worker on a full disk cannot say so: `free_bytes` is what that disk has left.
    """
    by_settings = status == FAILED_BY_SETTINGS
    told = said_why(folder.failure)
    if told:
        rest = "" if by_settings else f"; {GOES_ON}"
        return TrainerError(f"the trainer {name} failed: {told}{rest}", settings_failed=by_settings)
    if free_bytes < _LITTLE_BYTES:
        return disk_full(folder.path)
    return TrainerError(
        f"the trainer {name} {_ending(status)}, and said no reason{last_lines(log)}\nIts log is "
        f"{folder.log}; mend what it says there: {GOES_ON}",
        settings_failed=by_settings,
    )


def _ending(status: int) -> str:
    """How it ended, in words; the supervisor gives 128 + N for signal N."""
    number = -status if status < 0 else status - 128
    if number == _OUT_OF_MEMORY:
        return "was killed, as systems do that run out of memory"
    with suppress(ValueError):
        if number > 0:
            return f"was ended by {signal.Signals(number).name}"
    return f"ended with status {status}"


def said_why(failure: Path) -> str:
    """What `failure.txt` says, without secrets and not too much of it; empty where it is not."""
    try:
        text = failure.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return redact(text.strip().rstrip("."))[:_MOST_CHARACTERS]


def free_bytes_at(folder: Path) -> int:
    """What the disk that holds a folder has left."""
    return shutil.disk_usage(folder).free


def disk_full(folder: Path) -> TrainerError:
    """The error for that."""
    return TrainerError(f"the disk that holds {folder} is full; make room: {GOES_ON}")


def unwritten(folder: Path, error: OSError) -> TrainerError:
    """The error for a file that the host could not write."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(folder)
    where = error.filename or folder
    return TrainerError(f"{where} cannot be written: {error.strerror}; make it writable")
