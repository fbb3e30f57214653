"""What makes a server that answers ready for players: its model, its adapters, the probe."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from automem.errors import ServerError
from automem.models.served import Adapter
from automem_backends.engines.failures import advice_for
from automem_backends.engines.kind import EngineKind
from automem_backends.engines.probe import probe
from automem_backends.engines.wire import EngineWire


@dataclass(frozen=True, slots=True)
class Readiness:
    """What every server of one engine must do."""

    kind: EngineKind
    base: str
    """The name its model is served under."""
    adapters: tuple[Adapter, ...]
    """To be loaded where they are not."""
    named: tuple[str, ...] = ()
    """Adapters that a server has already, by its own names for them."""
    probes: bool = True

    def served_name(self, adapter: str | None) -> str:
        """What a request names for an adapter as the configuration gives it, or for the base."""
        if adapter is None:
            return self.base
        own = next((one.name for one in self.adapters if one.given == adapter), adapter)
        return self.kind.served_adapter(self.base, own)

    async def prepare(self, wire: EngineWire) -> None:
        """Load what is missing and prove that all answer. Raises ServerError."""
        names = await wire.models()
        wanted = (self.base, *self.named)
        if missing := [name for name in wanted if name not in names]:
            raise ServerError(
                f"{wire.root} serves {', '.join(names) or 'nothing'}, not {missing[0]}; check "
                "`model`, and that an adapter is a folder, or a name the engine lists"
            )
        for adapter in self.adapters:
            await anyio.to_thread.run_sync(adapter.refuse_changed)
            if adapter.name not in names:
                await self._load(wire, adapter)
        if self.probes:
            given = [*(one.given for one in self.adapters), *self.named]
            await probe(wire, self.base, {self.served_name(one): one for one in given})

    async def _load(self, wire: EngineWire, adapter: Adapter) -> None:
        asked = {"lora_name": adapter.name, "lora_path": str(adapter.path)}
        reply = await wire.post(self.kind.load_path, asked)
        if reply.status == 200 or "already" in reply.words:
            return
        hint = advice_for(reply.words)
        if reply.status in (404, 405):
            hint = (
                "; an engine you started yourself must be told to serve adapters, and read the "
                f"same folder: see docs/guide/engines.md on {self.kind.name}"
            )
        raise ServerError(
            f"{wire.root} does not load the adapter {adapter.given}: it answered "
            f"{reply.status}: {reply.words}{hint}"
        )
