"""An engine that AutoMem started: one server or several replicas, and who waits for them."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from automem.errors import ServerError
from automem_backends.engines.pace import Pace
from automem_backends.engines.readiness import Readiness
from automem_backends.engines.server import Server


@dataclass(slots=True)
class StartedEngine:
    """Implements `automem.models.engines.Engine` over servers of our own."""

    readiness: Readiness
    pace: Pace
    servers: list[Server] = field(default_factory=list[Server])
    _changed: anyio.Event = field(default_factory=anyio.Event)
    _looking: anyio.Lock = field(default_factory=anyio.Lock)
    _no_look_before: float = float("-inf")

    @property
    def urls(self) -> tuple[str, ...]:
        """Base URLs of all replicas."""
        return tuple(server.wire.url for server in self.servers)

    @property
    def deaths(self) -> int:
        """Of all replicas together."""
        return sum(server.deaths for server in self.servers)

    def served_name(self, adapter: str | None) -> str:
        """What a request names."""
        return self.readiness.served_name(adapter)

    def change(self) -> None:
        """Wake who waits for a change of state."""
        self._changed.set()
        self._changed = anyio.Event()

    async def run(self) -> None:
        """The life of all servers."""
        async with anyio.create_task_group() as group:
            for server in self.servers:
                group.start_soon(server.run)

    async def ready(self) -> None:
        """Wait until a replica answers; at first until all do. Raises ServerError.

        One that does not start stops everything; one that is given up later leaves the others.
        """
        while True:
            states = [server.state for server in self.servers]
            failed = [server for server in self.servers if server.failure is not None]
            unstarted = next((one for one in failed if one.deaths == 0), None)
            gone = unstarted or (failed[0] if len(failed) == len(self.servers) else None)
            if gone is not None:
                raise ServerError(str(gone.failure)) from gone.failure
            if "up" in states and "starting" not in states:
                return
            await self._changed.wait()

    async def has_died(self, since: int) -> bool:
        """Whether a replica died since; one look serves all who ask at the same moment."""
        async with self._looking:
            if self.deaths == since and anyio.current_time() >= self._no_look_before:
                await self._look(since)
        return self.deaths > since

    async def _look(self, since: int) -> None:
        up = [server for server in self.servers if server.state == "up"]
        well = [await server.wire.is_healthy(self.pace.check) for server in up]
        if all(well):
            return
        # A process may outlive its connections by a moment.
        with anyio.move_on_after(self.pace.look) as scope:
            while self.deaths == since:
                await self._changed.wait()
        if scope.cancelled_caught:
            # It is ill and lives on: who asks next must not wait as long once more.
            self._no_look_before = anyio.current_time() + self.pace.look
