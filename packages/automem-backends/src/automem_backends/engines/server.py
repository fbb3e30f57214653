"""One server of an engine: started, watched, started again once, and ended with AutoMem."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

import anyio

from automem.errors import ServerError
from automem.models.engines import Tell
from automem.processes.child import Child, child
from automem.processes.supervisor import supervised
from automem.processes.tail import Tail
from automem.tasks import beside
from automem_backends.engines.failures import explain, is_port_taken
from automem_backends.engines.kind import EngineKind, ServerPlan
from automem_backends.engines.pace import Pace
from automem_backends.engines.ports import HOST, free_ports, is_free
from automem_backends.engines.program import Program
from automem_backends.engines.wire import EngineWire, Wires

RESTARTS = 1
"""How often a server that was up is started again."""
PORT_TRIES = 3
"""A port that was free may be taken by another before the engine has it."""

State = Literal["starting", "up", "restarting", "dead"]


class PortTaken(ServerError):
    """The port that was chosen for a server is another's by now."""


@dataclass(slots=True)
class Server:
    """One process and its life; `run` is that life."""

    kind: EngineKind
    program: Program
    plan: ServerPlan
    logs: Path
    """The folder for what it says."""
    wires: Wires
    tell: Tell
    pace: Pace
    prepare: Callable[[EngineWire], Awaitable[None]]
    """Makes a server that answers ready: its adapters, the probe. Raises ServerError."""
    changed: Callable[[], None]
    """Called whenever its state has changed."""
    state: State = field(default="starting", init=False)
    deaths: int = field(default=0, init=False)
    failure: ServerError | None = field(default=None, init=False)
    """Why it is dead."""

    @property
    def name(self) -> str:
        """As messages call it."""
        return f"{self.kind.name} on port {self.plan.port}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.logs / f"{self.kind.name}-{self.plan.port}.log"

    @property
    def wire(self) -> EngineWire:
        """The way to it."""
        return self.wires.to(f"http://{HOST}:{self.plan.port}")

    async def run(self) -> None:
        """Keep it up until it may not be started again; what ended it is in `failure`."""
        port_tries = PORT_TRIES
        while self.state != "dead":
            try:
                await self._live()
            except PortTaken as error:
                port_tries -= 1
                if port_tries and self.state == "starting" and self.plan.options.port is None:
                    self.plan = replace(self.plan, port=free_ports(1)[0])
                else:
                    self._give_up(error)
            except ServerError as error:
                self._give_up(error)

    def _give_up(self, error: ServerError) -> None:
        self.failure = error
        if self.deaths:
            self.tell(f"{self.name} is given up: {error}")
        self._become("dead")

    async def _live(self) -> None:
        """From one start to the end of the process; raises where it may not be started again."""
        tail = Tail.at_end(self.log)
        async with self._process() as process:
            await self._start(process, tail)
            self._become("up")
            reason = await self._watch(process, tail)
            self.deaths += 1
            if self.deaths > RESTARTS:
                raise ServerError(
                    f"{self.name} {reason}\nIt was started {self.deaths} times and is given up; "
                    f"its log is {self.log}"
                )
            self.tell(f"{self.name} {reason}")
            self.tell(f"{self.name} is started again; calls wait for it")
            self._become("restarting")

    def _become(self, state: State) -> None:
        self.state = state
        self.changed()

    @asynccontextmanager
    async def _process(self) -> AsyncGenerator[Child]:
        if not is_free(self.plan.port):
            raise PortTaken(
                f"{self.name} cannot be started: port {self.plan.port} is in use; choose another "
                "`port`, end what listens there, or attach to it with base_url"
            )
        engine = (*self.program.argv, *self.kind.arguments(self.plan))
        argv = (*engine, *self.plan.options.engine_arguments)
        gpus = ",".join(str(gpu) for gpu in self.plan.gpus)
        chosen = {"CUDA_VISIBLE_DEVICES": gpus} if gpus else {}
        self.tell(f"{self.name}: starting {' '.join(argv)}")
        self.tell(f"{self.name}: its log is {self.log}")
        try:
            async with child(
                supervised(argv, self.pace.grace),
                log=self.log,
                env={**self.program.variables, **chosen},
                # The supervisor kills what does not end; it needs a moment after its own wait.
                grace_seconds=self.pace.grace + 5.0,
            ) as process:
                yield process
        except OSError as error:
            raise ServerError(f"{self.name} cannot be started: {error}") from error

    async def _start(self, process: Child, tail: Tail) -> None:
        """Until it answers and is ready. Raises ServerError with what the log tells."""
        began = anyio.current_time()
        seconds = self.plan.options.start_seconds
        missing = "say that it is well"
        with anyio.move_on_after(seconds) as scope:
            async with beside(partial(self._tell_log, tail)):
                while not await self.wire.is_healthy(self.pace.check):
                    self._refuse_ended(process, tail)
                    await anyio.sleep(self.pace.poll)
                # Another program may answer on the port; ours has ended then.
                self._refuse_ended(process, tail)
                missing = "load its adapters and answer the probe"
                await self._prepare(process, tail)
        if scope.cancelled_caught:
            raise ServerError(
                f"{self.name} did not {missing} within {seconds:g} s (start_seconds), "
                f"though its process runs{explain(tail.text())}\nIts log is {self.log}"
            )
        self.tell(f"{self.name}: ready after {anyio.current_time() - began:.0f} s")

    async def _prepare(self, process: Child, tail: Tail) -> None:
        try:
            await self.prepare(self.wire)
        except ServerError:
            # Connections break a moment before the process has ended.
            if not await self.wire.is_healthy(self.pace.check):
                with anyio.move_on_after(self.pace.look):
                    await process.process.wait()
            self._refuse_ended(process, tail)
            raise

    def _refuse_ended(self, process: Child, tail: Tail) -> None:
        code = process.process.returncode
        if code is None:
            return
        text = tail.text()
        said = f"{self.name} ended with status {code} before it was ready{explain(text)}"
        kind = PortTaken if is_port_taken(text) else ServerError
        raise kind(f"{said}\nIts log is {self.log}")

    async def _tell_log(self, tail: Tail) -> None:
        while True:
            await anyio.sleep(self.pace.poll)
            if line := tail.last_line():
                self.tell(f"{self.name} | {line}")

    async def _watch(self, process: Child, tail: Tail) -> str:
        """Until it has died, in whatever way; the way is returned."""
        reasons: list[str] = []
        async with anyio.create_task_group() as group:

            async def wait_for_end() -> None:
                code = await process.process.wait()
                reasons.append(f"died with status {code}{explain(tail.text())}")
                group.cancel_scope.cancel()

            async def wait_for_silence() -> None:
                seconds = await self._silence()
                reasons.append(f"did not say that it is well for {seconds:.0f} s, and was ended")
                group.cancel_scope.cancel()

            group.start_soon(wait_for_end)
            group.start_soon(wait_for_silence)
        return reasons[0]

    async def _silence(self) -> float:
        """Until it has not been well for too long; how long that is."""
        well = anyio.current_time()
        while anyio.current_time() - well < self.pace.hung:
            await anyio.sleep(self.pace.check)
            if await self.wire.is_healthy(self.pace.check):
                well = anyio.current_time()
        return anyio.current_time() - well
