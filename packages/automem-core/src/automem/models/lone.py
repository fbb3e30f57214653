"""One router at a time: kept while it is asked for, ended before another, and where asked to.

Engines take minutes to start, so one stays from an evaluation to the next. But two engines for one
large model do not fit side by side, and beside a training not even one does.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import anyio
from anyio.abc import TaskGroup, TaskStatus

from automem.models.engines import Tell
from automem.models.router import Router, open_router
from automem.records.config import RoleSection

if TYPE_CHECKING:
    from automem.plugins import Plugins


class OpenRouter(Protocol):
    """Gives the router of a configuration's roles: `open_router`, or `LoneRouter.open`."""

    def __call__(
        self,
        roles: Mapping[str, RoleSection],
        plugins: Plugins,
        *,
        logs: Path | None = None,
        tell: Tell | None = None,
    ) -> AbstractAsyncContextManager[Router]:
        """Raises what `open_router` raises."""
        ...


@dataclass(slots=True)
class _Open:
    """The router that is open, held by a task of its own, which opened it and closes it."""

    roles: dict[str, RoleSection]
    tell: Tell | None
    """Of who uses it now."""
    router: Router | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    ended: anyio.Event = field(default_factory=anyio.Event)

    def say(self, line: str) -> None:
        """Hand a line of an engine to who uses it now."""
        if self.tell is not None:
            self.tell(line)


@dataclass(slots=True)
class LoneRouter:
    """At most one router is open; `lone_router` makes it."""

    _group: TaskGroup
    _now: _Open | None = None

    @asynccontextmanager
    async def open(
        self,
        roles: Mapping[str, RoleSection],
        plugins: Plugins,
        *,
        logs: Path | None = None,
        tell: Tell | None = None,
    ) -> AsyncGenerator[Router]:
        """The router of these roles; that of others is ended first. Its counts begin anew."""
        now = self._now
        if now is None or now.roles != roles:
            await self.close()
            now = _Open(dict(roles), tell)
            now.router = await self._group.start(self._hold, now, plugins, logs)
            self._now = now
        assert now.router is not None  # noqa: S101 - it is kept once it is open
        now.tell = tell
        yield Router(now.router.models)

    async def close(self) -> None:
        """End what is open, with its engines; the next one to ask opens it again."""
        now, self._now = self._now, None
        if now is not None:
            now.scope.cancel()
            await now.ended.wait()

    async def _hold(
        self,
        now: _Open,
        plugins: Plugins,
        logs: Path | None,
        *,
        task_status: TaskStatus[Router],
    ) -> None:
        with now.scope:
            async with open_router(now.roles, plugins, logs=logs, tell=now.say) as router:
                task_status.started(router)
                await anyio.sleep_forever()
        now.ended.set()


@asynccontextmanager
async def lone_router() -> AsyncGenerator[LoneRouter]:
    """What opens one router at a time, until this is left.

    An exception of the body comes out as it is.
    """
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        try:
            yield LoneRouter(group)
        except Exception as error:  # noqa: BLE001 - raised again outside the group
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
