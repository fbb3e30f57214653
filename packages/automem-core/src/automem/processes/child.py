"""A child process that lives exactly as long as the `async with` that owns it."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, Process

from automem.secrets import without_secrets

_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


@dataclass(frozen=True, slots=True)
class Child:
    """A running child; its standard error goes to `log`."""

    process: Process
    stdin: ByteSendStream
    stdout: ByteReceiveStream
    log: Path

    @property
    def pid(self) -> int:
        """Of the process, which leads a group of its own."""
        return self.process.pid


@asynccontextmanager
async def child(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    grace_seconds: float = 3.0,
    pass_fds: Sequence[int] = (),
) -> AsyncGenerator[Child]:
    """Start `argv` with pipes; leaving closes its input, terminates its group, and kills it.

    It inherits the environment without secrets and with one thread for numeric libraries; `env`
    is added to that, and open files of the owner are closed but for `pass_fds`. A session of its
    own keeps Ctrl-C from it: its owner decides when it ends.
    Raises OSError if it cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    process: Process | None = None
    # Cancelled half-way, asyncio would kill it and wait for it no more.
    with log.open("ab") as stderr, anyio.CancelScope(shield=True):
        process = await anyio.open_process(
            list(argv),
            stderr=stderr,
            env={**inherited(os.environ), **(env or {})},
            start_new_session=True,
            pass_fds=pass_fds,
        )
    assert process is not None  # noqa: S101 - a shielded scope swallows nothing
    try:
        yield Child(
            process=process,
            stdin=cast("ByteSendStream", process.stdin),
            stdout=cast("ByteReceiveStream", process.stdout),
            log=log,
        )
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process, grace_seconds)


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """What a child may know of its owner's environment variables."""
    return {**dict.fromkeys(_ONE_THREAD, "1"), **without_secrets(environ)}


async def _end(process: Process, grace_seconds: float) -> None:
    _signal_group(process.pid, signal.SIGTERM)
    with anyio.move_on_after(grace_seconds):
        await process.wait()
    _signal_group(process.pid, signal.SIGKILL)
    await process.wait()
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        await process.aclose()


def _signal_group(pid: int, number: int) -> None:
    # macOS answers PermissionError for a group of which only a zombie is left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
