"""An engine that somebody else runs, and may start again without the adapters we gave it."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from automem.errors import ModelError, ServerError
from automem.records.model import ModelReply, ModelRequest
from automem_backends.engines.readiness import Readiness
from automem_backends.engines.wire import EngineWire
from automem_backends.openai_compatible import OpenAICompatible

_UNKNOWN_MODEL = frozenset({400, 404})
"""How vLLM (404) and SGLang (400) answer who asks for an adapter they do not have."""


@dataclass(slots=True)
class AttachedEngine:
    """Implements `automem.models.engines.Engine`; it neither starts nor ends anything."""

    readiness: Readiness
    wires: list[EngineWire]
    _preparing: anyio.Lock = field(default_factory=anyio.Lock)
    _prepared: bool = False
    mends: int = 0
    """How often a replica was found without an adapter, and given it again."""

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

    async def has_mended(self, since: int) -> bool:
        """Load again what replicas have lost; whether that was done after `mends` was `since`.

        Raises ServerError where one cannot be made ready again.
        """
        async with self._preparing:
            if self.mends == since:
                for wire in self.wires:
                    if await self._lacks_adapter(wire):
                        await self.readiness.prepare(wire)
                        self.mends += 1
        return self.mends > since

    async def _lacks_adapter(self, wire: EngineWire) -> bool:
        try:
            names = await wire.models()
        except ServerError:
            # It is down, which is not what was asked.
            return False
        return any(one.name not in names for one in self.readiness.adapters)


@dataclass(slots=True)
class AttachedClient:
    """Asks an engine that is attached to; what a replica has lost is loaded, and asked again."""

    client: OpenAICompatible
    engine: AttachedEngine

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Make one attempt; it may be tried again where an adapter was missing."""
        before = self.engine.mends
        try:
            return await self.client.complete(request)
        except ModelError as error:
            if error.status in _UNKNOWN_MODEL and await self.engine.has_mended(before):
                said = f"{error} (a replica had lost an adapter, which was loaded again)"
                raise ModelError(said, retryable=True, status=error.status) from error
            raise

    async def aclose(self) -> None:
        """Close the session; may be called twice."""
        await self.client.aclose()
