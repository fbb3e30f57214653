"""Who works on a run: a lock that lets one process in, and `run.json` with its heartbeat."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

import anyio
import msgspec
import structlog

from automem.errors import LimitReached, RunError
from automem.files import write_json
from automem.records.jail import JailReport
from automem.records.run import RunState, RunStatus
from automem.run.layout import RunFolder
from automem.run.provenance import gather
from automem.secrets import redact
from automem.tasks import beside

HEARTBEAT_SECONDS = 5.0
LOCK_TRIES = 5
LOCK_WAIT_SECONDS = 0.02

log = structlog.get_logger()


@contextmanager
def hold(run: RunFolder) -> Generator[None]:
    """Keep every other process out of the run, which is freed even if this one is killed.

    Raises RunError, naming the process that has it.
    """
    run.path.mkdir(parents=True, exist_ok=True)
    with run.lock.open("a+", encoding="utf-8") as file:
        if not _lock(file):
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise RunError(
                f"the run {run.path} is being played by process {owner}; "
                "wait for it, stop it, or choose another name with --run"
            )
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@asynccontextmanager
async def working_on(
    run: RunFolder, command: Sequence[str], *, beat_seconds: float = HEARTBEAT_SECONDS
) -> AsyncGenerator[None]:
    """Hold the run and keep its `run.json` true while the body works on it.

    `command` is what was typed after `automem`. How the body ends decides the final status.
    Raises RunError where another process holds the run.
    """
    with hold(run):
        begun = RunStatus(
            status="running",
            pid=os.getpid(),
            command=tuple(redact(argument) for argument in command),
            started_at=_now(),
            heartbeat=_now(),
            provenance=gather(Path.cwd()),
            jail=_noted(run),
        )
        write_json(run.status, begun)
        try:
            async with beside(partial(_beat, run, begun, beat_seconds)):
                yield
        except Exception as error:
            state = "interrupted" if isinstance(error, LimitReached) else "failed"
            _keep(run, _ended(begun, state, str(error)))
            raise
        except BaseException:
            _keep(run, _ended(begun, "interrupted", ""))
            raise
        _keep(run, _ended(begun, "finished", ""))


def note_jail(run: RunFolder, report: JailReport) -> None:
    """Keep what was found out about the jail in `run.json`, where this process works on the run."""
    with suppress(RunError):
        status = _stored(run)
        if status is not None:
            _keep(run, msgspec.structs.replace(status, jail=report))


def read_status(run: RunFolder) -> RunStatus | None:
    """What `run.json` says; None where there is none.

    A run that says it is running while nobody holds it was killed: it is shown as interrupted.
    """
    status = _stored(run)
    if status is not None and status.status == "running" and not is_held(run):
        return msgspec.structs.replace(
            status, status="interrupted", message="the process ended without a word"
        )
    return status


def is_held(run: RunFolder) -> bool:
    """Whether a living process works on the run."""
    try:
        file = run.lock.open("r", encoding="utf-8")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        return False


def _stored(run: RunFolder) -> RunStatus | None:
    try:
        return msgspec.json.decode(run.status.read_bytes(), type=RunStatus)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise RunError(f"cannot read {run.status}: {error}") from error


def _noted(run: RunFolder) -> JailReport | None:
    """The jail that was noted, by this command or an earlier one."""
    with suppress(RunError):
        status = _stored(run)
        return None if status is None else status.jail
    return None


def _lock(file: IO[str]) -> bool:
    """Take the lock, unless a process keeps it; `is_held` has it for a moment only."""
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(LOCK_WAIT_SECONDS)
        else:
            return True
    return False


async def _beat(run: RunFolder, status: RunStatus, seconds: float) -> None:
    while True:
        await anyio.sleep(seconds)
        _keep(run, msgspec.structs.replace(status, heartbeat=_now()))


def _keep(run: RunFolder, status: RunStatus) -> None:
    """Write the status where that is possible: the work, and what ended it, count for more."""
    if status.jail is None:
        status = msgspec.structs.replace(status, jail=_noted(run))
    try:
        write_json(run.status, status)
    except OSError as error:
        log.warning("status_not_written", error=str(error))


def _ended(status: RunStatus, state: RunState, message: str) -> RunStatus:
    return msgspec.structs.replace(status, status=state, heartbeat=_now(), message=redact(message))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
