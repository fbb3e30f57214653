"""Engines that roles share: each is started, or attached to, once for all roles that ask it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import anyio
import msgspec

from automem.errors import ConfigError
from automem.models.cost import price_of, require_price
from automem.models.roles import resolve_roles
from automem.plugins import import_part
from automem.records.config import LimitsSection, RoleSection
from automem.records.model import Role
from automem.spec import BackendSpec, Spec

if TYPE_CHECKING:
    from automem.plugins import Plugins

Tell = Callable[[str], None]
"""Is given one line at a time for the person who waits."""


class Engine(Protocol):
    """A running engine as the client of a role sees it: one server, or several replicas."""

    @property
    def urls(self) -> tuple[str, ...]:
        """Base URLs that end in `/v1`; the same once it is ready. None where it listens nowhere."""
        ...

    @property
    def deaths(self) -> int:
        """How often one of its servers has died."""
        ...

    def served_name(self, adapter: str | None) -> str:
        """What the engine calls this adapter, or the base: over HTTP, what `model` must be."""
        ...

    async def ready(self) -> None:
        """Wait until it answers; at once where it does. Raises ServerError: never again."""
        ...

    async def has_died(self, since: int) -> bool:
        """Whether a server died after `deaths` was `since`; looks, where that is not known yet."""
        ...


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """What one engine shall serve."""

    backend: str
    model: str | None
    adapters: tuple[str | None, ...]
    """Each once, in the order of roles; None where a role asks the model itself."""
    options: Any
    """The struct that the backend's spec names."""
    logs: Path
    """The folder for what it says."""
    tell: Tell


OpenEngine = Callable[[EngineRequest], AbstractAsyncContextManager[Engine]]
"""Begins to start an engine, or to attach to one; leaving ends what was started.

It refuses at once what it can (ConfigError, ServerError); `Engine.ready` waits for the rest.
"""


@dataclass(frozen=True, slots=True)
class EngineKey:
    """What makes two roles ask the same engine; their adapters may differ."""

    backend: str
    model: str | None
    options: bytes

    @classmethod
    def of(cls, section: RoleSection, options: Any) -> EngineKey:
        """The key of a resolved section and its options, read.

        Options that belong to a role and not to the engine are named by their struct, in a class
        variable `of_the_role`.
        """
        plain = cast("dict[str, Any]", msgspec.to_builtins(options) or {})
        own = cast("tuple[str, ...]", getattr(options, "of_the_role", ()))
        shared = {name: value for name, value in plain.items() if name not in own}
        encoded = msgspec.json.encode(shared, order="sorted")
        return cls(backend=section.backend or "", model=section.model, options=encoded)


@dataclass(frozen=True, slots=True)
class RoleEngine:
    """The engine of one role."""

    key: EngineKey
    request: EngineRequest
    engine: Engine
    adapter: str | None


def own_model(spec: Spec) -> Path | None:
    """The folder of the model that a backend comes with; None where it comes with none.

    Raises PluginError.
    """
    if not isinstance(spec, BackendSpec) or spec.model is None:
        return None
    return Path(import_part(spec, spec.model)())


def require_engine_prices(
    roles: Mapping[str, RoleSection], plugins: Plugins, limits: LimitsSection
) -> None:
    """Refuse a limit on money with an engine of unknown price before it is started.

    Raises ConfigError and PluginError.
    """
    for role, section in resolve_roles(roles).items():
        spec = plugins.get("backend", section.backend or "")
        if isinstance(spec, BackendSpec):
            price = price_of(section.model, section.price)
            require_price(f"{role}: {spec.name} {section.model or ''}".rstrip(), price, limits)


@asynccontextmanager
async def open_engines(
    resolved: Mapping[Role, RoleSection], plugins: Plugins, *, logs: Path, tell: Tell
) -> AsyncGenerator[Mapping[Role, RoleEngine]]:
    """The engines of resolved roles, ready; those of roles whose backend needs none are absent.

    All start at the same time. Raises ConfigError, PluginError, ServerError.
    """
    specs: dict[EngineKey, BackendSpec] = {}
    requests: dict[EngineKey, EngineRequest] = {}
    keys: dict[Role, EngineKey] = {}
    for role, section in resolved.items():
        spec = plugins.get("backend", section.backend or "")
        if not isinstance(spec, BackendSpec):
            continue
        options = plugins.options(spec, section.options, path=f"roles.{role}")
        key = keys[role] = EngineKey.of(section, options)
        specs[key] = spec
        before = requests[key].adapters if key in requests else ()
        own = () if section.adapter in before else (section.adapter,)
        requests[key] = EngineRequest(
            spec.name, section.model, (*before, *own), options, logs, tell
        )
    _refuse_shared_ports(list(requests.values()))
    engines: dict[EngineKey, Engine] = {}
    async with AsyncExitStack() as stack:
        for key, request in requests.items():
            open_engine = cast("OpenEngine", import_part(specs[key], specs[key].engine))
            engines[key] = await stack.enter_async_context(open_engine(request))
        await _all_ready(list(engines.values()))
        yield {
            role: RoleEngine(key, requests[key], engines[key], resolved[role].adapter)
            for role, key in keys.items()
        }


def _refuse_shared_ports(requests: Sequence[EngineRequest]) -> None:
    """Two engines on one port would be noticed only when the second has read its weights.

    The ports an engine will take its options say in a property `ports`, where they name any.
    """
    owners: dict[int, str] = {}
    for request in requests:
        name = f"{request.backend} {request.model or ''}".rstrip()
        for port in cast("Sequence[int]", getattr(request.options, "ports", ())):
            if port in owners:
                raise ConfigError(
                    f"two engines, {owners[port]} and {name}, are to listen on port {port}: their "
                    "options differ, so they cannot be one; name another port for one role, or none"
                )
            owners[port] = name


async def _all_ready(engines: list[Engine]) -> None:
    try:
        async with anyio.create_task_group() as group:
            for engine in engines:
                group.start_soon(engine.ready)
    except ExceptionGroup as failures:
        # What the first one says is what the user can mend first.
        raise failures.exceptions[0] from failures.exceptions[0].__cause__
