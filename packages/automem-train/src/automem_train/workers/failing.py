"""`failure.txt`: why a training failed, in a sentence that says what to do."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from automem.errors import AutoMemError, TrainerError
from automem.files import write_text
from automem.records.training import FAILED_BY_SETTINGS
from automem.secrets import redact

FAILURE: Final = "failure.txt"
FAILED, TOLD_TO_STOP = 1, 143
"""Statuses, beside `FAILED_BY_SETTINGS`: then it would fail again on any machine."""
_MEMORY: Final = (
    "memory ran out; set a smaller batch (and raise accumulate by as much), checkpointing = true, "
    'a smaller cutoff, or precision = "bfloat16"'
)
_NO_MEMORY: Final = ("out of memory", "can't allocate memory", "not enough memory")
_FULL: Final = ("os error 28", "no space left on device")


class Stopped(BaseException):
    """The program was told to end, and has kept where it was."""


@dataclass(slots=True)
class Ending:
    """How the program ends."""

    status: int = 0


@contextmanager
def failures(folder: Path) -> Generator[Ending]:
    """Run the body; where it fails, `failure.txt` and standard error say why.

    What an earlier failure said is removed at the beginning; of several processes the one that
    fails first is heard, since its failure is that of the others.
    """
    ending = Ending()
    if os.environ.get("RANK", "0") == "0":
        (folder / FAILURE).unlink(missing_ok=True)
    try:
        yield ending
    except Stopped:
        ending.status = TOLD_TO_STOP
    except Exception as error:  # noqa: BLE001 - the boundary of the process: the host reads why
        by_settings = isinstance(error, TrainerError) and error.settings_failed
        ending.status = FAILED_BY_SETTINGS if by_settings else FAILED
        if not isinstance(error, AutoMemError):
            traceback.print_exc()
        said = redact(sentence(error, folder))
        sys.stderr.write(f"error: {said}\n")
        with suppress(OSError):
            if not (folder / FAILURE).exists():
                write_text(folder / FAILURE, said + "\n")


def sentence(error: Exception, folder: Path) -> str:
    """What is wrong and what to do."""
    if isinstance(error, AutoMemError):
        return str(error)
    text = str(error)
    lower = text.lower()
    if isinstance(error, MemoryError) or any(sign in lower for sign in _NO_MEMORY):
        return _MEMORY
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if is_full or any(sign in lower for sign in _FULL):
        return f"the disk that holds {folder} is full; make room, and the same command goes on"
    first = text.strip().partition("\n")[0] or "no more is known"
    return f"{type(error).__name__}: {first}; worker.log has the whole of it"
