"""Who answers for a role: the backend, and around it the queue, the retries and the accounting."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from automem.errors import ModelError
from automem.home import home
from automem.models.cost import Price, Priced, cost, price_of, require_price
from automem.models.engines import Engine, EngineKey, RoleEngine, Tell, open_engines
from automem.models.limiter import AdaptiveLimiter
from automem.models.retry import Attempts, OnRetry, Patience
from automem.models.roles import ROLES, BackendKey, EndpointKey, resolve_roles
from automem.protocols import Backend
from automem.records._struct import Record
from automem.records.config import LimitsSection, RoleSection
from automem.records.model import ModelReply, ModelRequest, Role, Sampling

if TYPE_CHECKING:
    from automem.plugins import Plugins


log = structlog.get_logger()


class Activity(Record):
    """What all roles together are doing at this moment."""

    in_flight: int
    """Calls the servers are working on."""
    waiting: int
    """Calls in a queue, or waiting for their next try."""
    done: int
    """Calls answered or given up."""
    retries: int


@dataclass(frozen=True, slots=True)
class RoleModel:
    """One resolved role: what was configured, and who answers."""

    section: RoleSection
    backend: Backend
    limiter: AdaptiveLimiter
    patience: Patience
    price: Price | None
    engine: Engine | None = None
    """What was started or attached to for it; None where the backend needs none."""

    @property
    def description(self) -> str:
        """`backend model+adapter`, as traces and keys name it."""
        named = self.section.backend or ""
        if self.section.model is not None:
            named += f" {self.section.model}"
        return named if self.section.adapter is None else f"{named}+{self.section.adapter}"


@dataclass(slots=True)
class Router:
    """The models of both roles."""

    models: Mapping[Role, RoleModel]
    _begun: int = field(default=0, init=False)
    _done: int = field(default=0, init=False)
    _retries: int = field(default=0, init=False)

    @classmethod
    def for_backend(
        cls,
        backend: Backend,
        *,
        gameplay: Backend | None = None,
        section: RoleSection | None = None,
        patience: Patience | None = None,
    ) -> Router:
        """A router around a backend in hand, for tests and for embedding.

        `gameplay` makes it two-model play; otherwise both roles are `backend`. The caller closes
        them.
        """
        given = section or RoleSection(backend=type(backend).__name__)
        chosen = patience or Patience(timeout_seconds=given.timeout_seconds, retries=given.retries)
        by_role: dict[Role, Backend] = {"memory": backend, "gameplay": gameplay or backend}
        limiters = {id(one): AdaptiveLimiter(most=given.concurrency) for one in by_role.values()}
        return cls(
            {
                role: RoleModel(given, one, limiters[id(one)], chosen, _price(given, one))
                for role, one in by_role.items()
            }
        )

    @property
    def shared(self) -> bool:
        """Both roles are one model: same backend, model, adapter and options."""
        return self.models["memory"].backend is self.models["gameplay"].backend

    @property
    def activity(self) -> Activity:
        """Counts for the display."""
        limiters = {id(model.limiter): model.limiter for model in self.models.values()}
        in_flight = sum(limiter.in_flight for limiter in limiters.values())
        return Activity(
            in_flight=in_flight,
            waiting=self._begun - self._done - in_flight,
            done=self._done,
            retries=self._retries,
        )

    def describe(self, role: Role) -> str:
        """`backend model+adapter`; goes into traces and keys."""
        return self.models[role].description

    def sampling(self, role: Role) -> Sampling:
        """How answers of this role are drawn."""
        return self.models[role].section.sampling

    def seeded(self, role: Role) -> bool:
        """Whether calls of this role carry a seed of their own."""
        return self.models[role].section.seeded

    def require_prices(self, limits: LimitsSection) -> None:
        """Refuse to start under a limit on money with a model of unknown price (ConfigError)."""
        for role, model in self.models.items():
            require_price(f"{role}: {model.description}", model.price, limits)

    async def ask(
        self, role: Role, request: ModelRequest, *, on_retry: OnRetry | None = None
    ) -> ModelReply:
        """Get an answer: queued, tried again where that may help, timed and priced.

        Raises ModelError when the call failed for good; the message names the role, the model,
        the call, the cause, the tries and the seconds. Raises ServerError when the engine behind
        the role is down for good.
        """
        model = self.models[role]
        attempts = Attempts(role, model.patience, model.limiter, on_retry, model.engine)
        self._begun += 1
        try:
            reply = await attempts.run(lambda: model.backend.complete(request))
        except ModelError as error:
            tries = "1 try" if attempts.count == 1 else f"{attempts.count} tries"
            called = f" to call {request.identity}" if request.identity else ""
            raise ModelError(
                f"{role} model {model.description} gave no answer{called}: {error} "
                f"({tries} in {attempts.spent:.1f} s)",
                retryable=error.retryable,
                retry_after_seconds=error.retry_after_seconds,
                status=error.status,
            ) from error
        finally:
            self._done += 1
            self._retries += max(0, attempts.count - 1)
        if reply.cost is None and model.price is not None:
            dollars = cost(reply.usage, model.price, reply.cache_written_tokens)
            reply = msgspec.structs.replace(reply, cost=dollars)
        return reply


@asynccontextmanager
async def open_router(
    roles: Mapping[str, RoleSection],
    plugins: Plugins,
    *,
    random: Random | None = None,
    logs: Path | None = None,
    tell: Tell | None = None,
) -> AsyncGenerator[Router]:
    """The router a configuration describes; its backends and engines are closed at the end.

    Each distinct backend (name, model, adapter, options) is made once, and roles that talk to one
    endpoint (an engine, or else backend and options) share its limiter, capped by the smallest
    `concurrency` that any of them names. `random` draws the jitter of waits. Engines that are
    started write to `logs`, and say through `tell` how far they are. Raises ConfigError,
    PluginError, and ServerError where an engine does not start.
    """
    resolved = resolve_roles(roles)
    backends: dict[BackendKey, Backend] = {}
    models: dict[Role, RoleModel] = {}
    jitter = random or Random()  # noqa: S311 - spreads waits, guards nothing
    async with AsyncExitStack() as stack:
        engines = await stack.enter_async_context(
            open_engines(resolved, plugins, logs=logs or home() / "logs", tell=tell or _log)
        )
        limiters = _limiters(resolved, engines)
        for role in ROLES:
            section = resolved[role]
            key = BackendKey.of(section)
            found = engines.get(role)
            if key not in backends:
                backends[key] = _make(role, section, plugins, found)
                stack.push_async_callback(backends[key].aclose)
            patience = Patience(section.timeout_seconds, section.retries, random=jitter)
            models[role] = RoleModel(
                section=section,
                backend=backends[key],
                limiter=limiters[_endpoint(section, found)],
                patience=patience,
                price=_price(section, backends[key]),
                engine=found.engine if found else None,
            )
        yield Router(models)


def _log(line: str) -> None:
    log.info("engine_said", line=line)


def _make(role: Role, section: RoleSection, plugins: Plugins, found: RoleEngine | None) -> Backend:
    spec = plugins.get("backend", section.backend or "")
    options = plugins.options(spec, section.options, path=f"roles.{role}")
    given: dict[str, Any] = {"model": section.model, "adapter": section.adapter, "options": options}
    if found is not None:
        given["engine"] = found.engine
    return plugins.load(spec)(**given)


def _endpoint(section: RoleSection, found: RoleEngine | None) -> EndpointKey | EngineKey:
    return BackendKey.of(section).endpoint if found is None else found.key


def _limiters(
    resolved: Mapping[Role, RoleSection], engines: Mapping[Role, RoleEngine]
) -> dict[EndpointKey | EngineKey, AdaptiveLimiter]:
    caps: dict[EndpointKey | EngineKey, list[int]] = {}
    for role, section in resolved.items():
        named = caps.setdefault(_endpoint(section, engines.get(role)), [])
        if section.concurrency is not None:
            named.append(section.concurrency)
    return {key: AdaptiveLimiter(most=min(named, default=None)) for key, named in caps.items()}


def _price(section: RoleSection, backend: Backend) -> Price | None:
    if section.price is None and isinstance(backend, Priced):
        return backend.price
    return price_of(section.model, section.price)
