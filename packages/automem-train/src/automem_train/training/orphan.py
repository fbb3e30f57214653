"""A worker that outlived its host: it ends by itself, and where it does not it is ended."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import anyio

from automem.errors import TrainerError
from automem_train.training.folder import TrainingFolder


async def end_orphan(folder: TrainingFolder, *, grace_seconds: float, look_seconds: float) -> None:
    """Return once no earlier worker writes in the folder any more. Raises TrainerError.

    Its supervisor has told it to end, so it has `grace_seconds` for its checkpoint.
    """
    if await _is_left(folder, grace_seconds, look_seconds):
        return
    group = folder.orphan
    if group > 1:
        # While its lock is held the group is there, and its number is nobody else's.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    if not await _is_left(folder, grace_seconds, look_seconds):
        raise TrainerError(
            f"a worker of an earlier start still writes in {folder.path} and cannot be ended; end "
            f"process {group or 'unknown'}, and run the same command again"
        )


async def _is_left(folder: TrainingFolder, seconds: float, look_seconds: float) -> bool:
    """Whether the folder was free within so long."""
    with anyio.move_on_after(seconds):
        # A file's lock tells nobody that it is free.
        while not folder.is_free():  # noqa: ASYNC110
            await anyio.sleep(look_seconds)
    return folder.is_free()
