"""Environments in worker processes, spread over them, as the host sees them.

A worker is started when a session needs it, holds many environments, and answers requests one
after another; many are in flight at once. A worker that dies, or does not answer in time, fails
the sessions it holds and nothing else; the next session gets a new one.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import anyio
import msgspec
from anyio.abc import TaskGroup

from automem.errors import EnvironmentFailure
from automem.processes.interpreters import interpreter_of, worker_argv
from automem.processes.messages import Close, Draw, Open, Reset, Step
from automem.processes.remote import RemoteWorker
from automem.protocols import Environment, EnvironmentSession
from automem.records.environment import EnvironmentInfo, Frame, Observation, StepResult
from automem.spec import EnvironmentSpec

ANSWER_SECONDS: Final = 600.0
CLOSE_SECONDS: Final = 1.0
_INFO: Final = msgspec.msgpack.Decoder(EnvironmentInfo)
_OBSERVATION: Final = msgspec.msgpack.Decoder(Observation)
_RESULT: Final = msgspec.msgpack.Decoder(StepResult)
_FRAME: Final[msgspec.msgpack.Decoder[Frame | None]] = msgspec.msgpack.Decoder(Frame | None)


@asynccontextmanager
async def open_pool(
    spec: EnvironmentSpec,
    options: Mapping[str, Any],
    *,
    workers: int | None = None,
    logs: Path,
    answer_seconds: float = ANSWER_SECONDS,
) -> AsyncGenerator[EnvironmentPool]:
    """A pool of at most `workers` processes (None is one a core); leaving ends them.

    Each writes its log into the folder `logs`. `options` are checked by each worker as it makes
    an environment; they may say which interpreter the workers run in. Raises PluginError if it is
    not made.
    """
    interpreter = interpreter_of(spec, options)
    argv = worker_argv(interpreter, os.getpid())
    try:
        async with anyio.create_task_group() as group:
            yield EnvironmentPool(
                spec=spec,
                options=dict(options),
                logs=logs,
                most=workers or cores(),
                answer_seconds=answer_seconds,
                interpreter=interpreter,
                _argv=argv,
                _group=group,
            )
            group.cancel_scope.cancel()
    except BaseExceptionGroup as failures:
        # A task group wraps what was raised inside it; the caller raised one error, not a group.
        first, *others = failures.exceptions
        if others:
            raise
        raise first from first.__cause__


def cores() -> int:
    """How many cores this process may use."""
    # macOS has no affinity.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(slots=True)
class EnvironmentPool:
    """Workers of one environment; `open_pool` makes it."""

    spec: EnvironmentSpec
    options: dict[str, Any]
    logs: Path
    most: int
    """Workers at once."""
    answer_seconds: float
    interpreter: str | None
    """The named one its workers run in; None for the host's own."""
    _argv: tuple[str, ...]
    _group: TaskGroup
    _workers: list[RemoteWorker] = field(default_factory=list[RemoteWorker])
    _environments: count[int] = field(default_factory=count)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    @asynccontextmanager
    async def session(self, task: str) -> AsyncGenerator[EnvironmentSession]:
        """One environment in the least loaded worker; leaving closes it.

        Raises EnvironmentFailure if the worker or the game cannot be started.
        """
        worker = self._choose()
        worker.sessions += 1
        environment = next(self._environments)
        try:
            question = Open(
                id=worker.number(),
                environment=environment,
                spec=self.spec,
                task=task,
                options=self.options,
            )
            info = self._named(await worker.ask(question, _INFO))
            yield _WorkerSession(info=info, _worker=worker, _environment=environment)
        finally:
            worker.sessions -= 1
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await worker.tell(Close(id=worker.number(), environment=environment))

    def _named(self, info: EnvironmentInfo) -> EnvironmentInfo:
        """What the game says of itself, and the interpreter it says it in."""
        if self.interpreter is None:
            return info
        versions = {**info.versions, "interpreter": self.interpreter}
        return msgspec.structs.replace(info, versions=versions)

    def _choose(self) -> RemoteWorker:
        self._workers = [worker for worker in self._workers if worker.dead is None]
        if self._workers:
            least = min(self._workers, key=lambda worker: worker.sessions)
            if least.sessions == 0 or len(self._workers) >= self.most:
                return least
        number = next(self._numbers)
        worker = RemoteWorker(
            name=f"worker {number} of '{self.spec.name}'",
            log=self.logs / f"{self.spec.name}-worker-{number}.log",
            argv=self._argv,
            answer_seconds=self.answer_seconds,
        )
        self._workers.append(worker)
        self._group.start_soon(worker.run)
        return worker


@dataclass(frozen=True, slots=True)
class _WorkerSession:
    """An environment that lives in a worker."""

    info: EnvironmentInfo
    _worker: RemoteWorker
    _environment: int

    async def reset(self, seed: int) -> Observation:
        question = Reset(id=self._worker.number(), environment=self._environment, seed=seed)
        return await self._worker.ask(question, _OBSERVATION)

    async def step(self, action: str) -> StepResult:
        question = Step(id=self._worker.number(), environment=self._environment, action=action)
        return await self._worker.ask(question, _RESULT)

    async def frame(self) -> Frame | None:
        question = Draw(id=self._worker.number(), environment=self._environment)
        return await self._worker.ask(question, _FRAME)


def in_process(environment: Environment) -> EnvironmentSession:
    """The environment itself as a session, for tests and verification; it blocks the loop."""
    return _LocalSession(environment)


@dataclass(frozen=True, slots=True)
class _LocalSession:
    """An environment that lives in this process."""

    _environment: Environment

    @property
    def info(self) -> EnvironmentInfo:
        return self._environment.info

    async def reset(self, seed: int) -> Observation:
        with _game():
            return self._environment.reset(seed)

    async def step(self, action: str) -> StepResult:
        with _game():
            return self._environment.step(action)

    async def frame(self) -> Frame | None:
        with _game():
            return self._environment.frame()


@contextmanager
def _game() -> Generator[None]:
    try:
        yield
    except Exception as error:
        raise EnvironmentFailure(f"{type(error).__name__}: {error}") from error
