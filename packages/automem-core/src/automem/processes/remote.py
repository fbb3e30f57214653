"""One worker process as the host sees it: questions go in, answers come back by their number."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

import anyio
import msgspec
import structlog

from automem.errors import EnvironmentFailure
from automem.processes.child import Child, child
from automem.processes.frames import BrokenFrame, FrameBuffer, pack
from automem.processes.messages import Answer, AnyRequest

_T = TypeVar("_T")
_ENCODER: Final = msgspec.msgpack.Encoder()
_ANSWERS: Final = msgspec.msgpack.Decoder(Answer)
_EXIT_SECONDS = 2.0
"""How long a worker that closed its output may take to exit, for the message to say how."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Waiting:
    """A question that is in flight."""

    answered: anyio.Event
    answer: Answer | None = None


@dataclass(slots=True)
class RemoteWorker:
    """A worker and the questions it owes answers to; `run` is its life."""

    name: str
    log: Path
    argv: Sequence[str]
    answer_seconds: float
    """With questions in flight and no answer for so long, it is taken for hung."""
    sessions: int = 0
    """How many environments it holds."""
    dead: str | None = None
    """Why it answers nothing any more."""
    _child: Child | None = None
    _ready: anyio.Event = field(default_factory=anyio.Event)
    _waiting: dict[int, _Waiting] = field(default_factory=dict[int, _Waiting])
    _waiting_since: float = 0.0
    _numbers: count[int] = field(default_factory=count)

    async def run(self) -> None:
        """Start the process, pass its answers on, and end it when cancelled or when it fails."""
        reason = "was closed"
        try:
            async with child(self.argv, log=self.log) as process:
                self._child = process
                self._ready.set()
                reason = await self._pass_answers(process)
                log.warning("environment_worker_failed", worker=self.name, reason=reason)
                # Before the process is ended, which may take seconds.
                self._fail(reason)
        except OSError as error:
            reason = f"cannot be started: {error}"
        finally:
            self._fail(reason)

    def number(self) -> int:
        """A number for the next question."""
        return next(self._numbers)

    async def ask(self, request: AnyRequest, answers: msgspec.msgpack.Decoder[_T]) -> _T:
        """Send a question and wait for its answer. Raises EnvironmentFailure."""
        waiting = _Waiting(anyio.Event())
        if not self._waiting:
            self._waiting_since = anyio.current_time()
        self._waiting[request.id] = waiting
        try:
            await self.tell(request)
            if self.dead is None:
                await waiting.answered.wait()
        finally:
            self._waiting.pop(request.id, None)
        answer = waiting.answer
        if answer is None:
            raise EnvironmentFailure(f"{self.name} {self.dead}; its log is {self.log}")
        if answer.error is not None:
            raise EnvironmentFailure(f"{answer.error} (the log of {self.name} is {self.log})")
        try:
            return answers.decode(answer.result)
        except msgspec.MsgspecError as error:
            raise EnvironmentFailure(f"the game gave what it may not: {error}") from error

    async def tell(self, request: AnyRequest) -> None:
        """Send a question; whatever is answered is dropped unless `ask` waits for it."""
        if not self._ready.is_set():
            await self._ready.wait()
        if self.dead is None and self._child is not None:
            try:
                await self._child.stdin.send(pack(_ENCODER.encode(request)))
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                # The process is gone; who reads its output will say how.
                log.debug("environment_worker_input_closed", worker=self.name)

    async def _pass_answers(self, process: Child) -> str:
        """Until the worker ends, in whatever way; the way is returned."""
        buffer = FrameBuffer()
        while True:
            received = b""
            with anyio.move_on_after(self.answer_seconds) as scope:
                try:
                    received = await process.stdout.receive()
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    return await _exit_of(process)
            if scope.cancelled_caught:
                silent = anyio.current_time() - self._waiting_since
                if self._waiting and silent >= self.answer_seconds:
                    return f"(process {process.pid}) did not answer for {silent:.0f} s"
                continue
            self._waiting_since = anyio.current_time()
            try:
                for payload in buffer.feed(received):
                    self._pass(_ANSWERS.decode(payload))
            except (BrokenFrame, msgspec.MsgspecError) as error:
                return f"(process {process.pid}) sent no answer: {error}"

    def _pass(self, answer: Answer) -> None:
        waiting = self._waiting.get(answer.id)
        if waiting is not None:
            waiting.answer = answer
            waiting.answered.set()

    def _fail(self, reason: str) -> None:
        self.dead = self.dead or reason
        self._ready.set()
        for waiting in self._waiting.values():
            waiting.answered.set()


async def _exit_of(process: Child) -> str:
    with anyio.move_on_after(_EXIT_SECONDS):
        await process.process.wait()
    code = process.process.returncode
    if code is None:
        how = "closed its output"
    elif code < 0:
        how = f"was killed by {signal.Signals(-code).name}"
    else:
        how = f"exited with status {code}"
    return f"(process {process.pid}) {how}"
