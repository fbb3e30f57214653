"""An engine that somebody else runs."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from automem_backends.engines.readiness import Readiness
from automem_backends.engines.wire import EngineWire


@dataclass(slots=True)
class AttachedEngine:
    """Implements `automem.models.engines.Engine`; it neither starts nor ends anything."""

    readiness: Readiness
    wires: list[EngineWire]
    _preparing: anyio.Lock = field(default_factory=anyio.Lock)
    _prepared: bool = False

    @property
    def urls(self) -> tuple[str, ...]:
        """Base URLs of all replicas."""
        return tuple(wire.url for wire in self.wires)

    @property
    def deaths(self) -> int:
        """Not ours to count."""
        return 0

    def served_name(self, adapter: str | None) -> str:
        """What a request names."""
        return self.readiness.served_name(adapter)

    async def ready(self) -> None:
        """At first, have every replica load the adapters and prove itself. Raises ServerError."""
        if self._prepared:
            return
        async with self._preparing:
            if not self._prepared:
                for wire in self.wires:
                    await self.readiness.prepare(wire)
                self._prepared = True

    async def has_died(self, since: int) -> bool:
        """Nobody here knows; what fails is tried again like any call."""
        return self.deaths > since
