"""The engine as the host sees it: a worker, started again once, and the calls it owes answers."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import anyio
import msgspec
from anyio import Event

from automem.errors import ModelError, ServerError
from automem.models.engines import Tell
from automem.models.served import Adapter
from automem.processes.child import Child, child
from automem.processes.frames import BrokenFrame, FrameBuffer, pack
from automem_tiny.engine.asking import Answer, Ask
from automem_tiny.serving.messages import Abandon, AnyRequest, Complete, Load, Reply

RESTARTS: Final = 1
"""How often a worker that was up is started again."""
START_SECONDS: Final = 120.0
SILENT_SECONDS: Final = 30.0
"""A worker that is asked and shows no life for so long is stuck, such as in a chat template."""
_EXIT_SECONDS: Final = 2.0
_ABANDON_SECONDS: Final = 1.0
_ENCODER: Final = msgspec.msgpack.Encoder()
_REPLIES: Final = msgspec.msgpack.Decoder(Reply)


@dataclass(slots=True)
class _Waiting:
    """A call that is in flight."""

    answered: Event = field(default_factory=Event)
    reply: Reply | None = None


@dataclass(slots=True)
class TinyEngine:
    """Implements `automem.models.engines.Engine` over a worker of our own; `run` is its life."""

    load: Load
    name: str
    """What replies call the model itself."""
    adapters: Mapping[str, Adapter]
    """By what the configuration calls them."""
    log: Path
    tell: Tell
    silent_seconds: float = SILENT_SECONDS
    deaths: int = field(default=0, init=False)
    failure: ServerError | None = field(default=None, init=False)
    """Why it is given up."""
    process: Child | None = field(default=None, init=False)
    """The worker; None while none is up."""
    unheard_since: float | None = field(default=None, init=False)
    """When it was asked first since it showed life; None where it owes nothing."""
    _up: Event = field(default_factory=Event, init=False)
    """Set as well where it never will be."""
    _calls: dict[int, _Waiting] = field(default_factory=dict[int, _Waiting], init=False)
    _stuck: str | None = field(default=None, init=False)
    """What to say of a worker that was ended for its silence."""
    _numbers: count[int] = field(default_factory=count, init=False)

    @property
    def urls(self) -> tuple[str, ...]:
        """It listens nowhere."""
        return ()

    @property
    def in_flight(self) -> int:
        """Calls that wait for an answer."""
        return len(self._calls)

    def served_name(self, adapter: str | None) -> str:
        """What replies say they are from."""
        return self.name if adapter is None else self.adapters[adapter].name

    async def ready(self) -> None:
        """Wait until a worker is up. Raises ServerError."""
        await self._up.wait()
        if self.failure is not None:
            raise ServerError(str(self.failure)) from self.failure

    async def has_died(self, since: int) -> bool:
        """Whether the worker died since; its calls fail after that is known."""
        return self.deaths > since

    async def ask(self, ask: Ask) -> Answer:
        """Have an ask answered. Raises ModelError, retryable where the worker died of something."""
        number, waiting = next(self._numbers), _Waiting()
        process = self.process
        if process is None:
            raise ModelError(f"the engine tiny is not up; its log is {self.log}", retryable=True)
        try:
            asked = _packed(Complete(id=number, ask=ask))
        except (BrokenFrame, UnicodeError, OverflowError) as error:
            raise ModelError(
                f"the engine tiny cannot be asked this: {error}", status=400
            ) from error
        self._calls[number] = waiting
        if self.unheard_since is None:
            self.unheard_since = anyio.current_time()
        try:
            await _send(process, asked)
            await waiting.answered.wait()
        finally:
            if waiting.reply is None and self.process is process:
                await self._abandon(number, waiting, process)
            del self._calls[number]
        reply = waiting.reply
        if reply is None:
            raise ModelError(
                f"the engine tiny died in the middle of a call; its log is {self.log}",
                retryable=True,
            )
        if reply.answer is None:
            raise ModelError(str(reply.error), status=reply.status)
        return reply.answer

    async def _abandon(self, number: int, waiting: _Waiting, process: Child) -> None:
        """Say that nobody waits any longer; end a worker that nothing was heard of meanwhile."""
        now = anyio.current_time()
        silent = now - (now if self.unheard_since is None else self.unheard_since)
        if silent < self.silent_seconds:
            # A worker that reads nothing may hold up nobody who gives up.
            with anyio.move_on_after(_ABANDON_SECONDS, shield=True):
                await _send(process, _packed(Abandon(id=number)))
            return
        self._stuck = f"showed no life for {silent:.0f} s and was ended"
        with suppress(ProcessLookupError):
            process.process.kill()
        # Whoever asked looks at its deaths next.
        with anyio.move_on_after(_EXIT_SECONDS, shield=True):
            await waiting.answered.wait()

    async def run(self) -> None:
        """Keep a worker up until it may not be started again; why is in `failure`."""
        try:
            while self.failure is None:
                self.failure = await self._live()
        finally:
            self._up.set()

    async def _live(self) -> ServerError | None:
        """From one start to the end of the process; the reason where it is to be the last one."""
        argv = (sys.executable, "-m", "automem_tiny.serving.worker", str(os.getpid()))
        try:
            async with child(argv, log=self.log) as process:
                replies = _Replies(process)
                if failure := await self._start(process, replies):
                    return failure
                while (reply := await replies.next()) is not None:
                    if waiting := self._calls.get(reply.id):
                        waiting.reply = reply
                        waiting.answered.set()
                    owes = any(one.reply is None for one in self._calls.values())
                    self.unheard_since = anyio.current_time() if owes else None
                ended = await _end_of(process)
                return self._died(self._stuck or ended)
        except OSError as error:
            return ServerError(f"the engine tiny cannot be started: {error}")
        finally:
            self._fail_calls()

    async def _start(self, process: Child, replies: _Replies) -> ServerError | None:
        reply = None
        with anyio.move_on_after(START_SECONDS) as scope:
            await _send(process, _packed(self.load))
            reply = await replies.next()
        if reply is None:
            how = f"did not load within {START_SECONDS:g} s"
            if not scope.cancelled_caught:
                how = f"{await _end_of(process)} before it was ready"
            return ServerError(f"the engine tiny {how}; its log is {self.log}")
        if reply.error is not None:
            return ServerError(reply.error)
        try:
            # What was read under a name has to be what it was when the run began.
            for adapter in self.adapters.values():
                await anyio.to_thread.run_sync(adapter.refuse_changed)
        except ServerError as error:
            return error
        self.process = process
        self._up.set()
        return None

    def _died(self, how: str) -> ServerError | None:
        """Count it before the calls are failed: whoever asked looks at that."""
        self.deaths += 1
        self._stuck = self.unheard_since = None
        self._up = Event()
        if self.deaths > RESTARTS:
            return ServerError(
                f"the engine tiny {how}; it was started {self.deaths} times and is given up; its "
                f"log is {self.log}"
            )
        self.tell(f"the engine tiny {how}; it is started again, and calls wait for it")
        return None

    def _fail_calls(self) -> None:
        self.process = None
        for waiting in self._calls.values():
            waiting.answered.set()


@dataclass(slots=True)
class _Replies:
    """What a worker says, one reply at a time."""

    process: Child
    buffer: FrameBuffer = field(default_factory=FrameBuffer)
    complete: list[Reply] = field(default_factory=list[Reply])

    async def next(self) -> Reply | None:
        """The next one; None when there will be none, as it ended or speaks otherwise."""
        try:
            while not self.complete:
                received = await self.process.stdout.receive()
                self.complete = [_REPLIES.decode(one) for one in self.buffer.feed(received)]
        except (
            anyio.EndOfStream,
            anyio.BrokenResourceError,
            BrokenFrame,
            msgspec.MsgspecError,
        ):
            return None
        return self.complete.pop(0)


def _packed(request: AnyRequest) -> bytes:
    return pack(_ENCODER.encode(request))


async def _send(process: Child, packed: bytes) -> None:
    try:
        await process.stdin.send(packed)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        # It is gone; who reads its answers says how.
        return


async def _end_of(process: Child) -> str:
    with anyio.move_on_after(_EXIT_SECONDS):
        await process.process.wait()
    code = process.process.returncode
    if code is None:
        return "closed its output"
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
