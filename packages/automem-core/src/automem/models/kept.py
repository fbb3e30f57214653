"""Routers that stay open from one evaluation to the next, since engines take minutes to start."""

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
    """Gives the router of a configuration's roles: `open_router`, or that of `kept_routers`."""

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
class _Kept:
    """One router that is open."""

    roles: dict[str, RoleSection]
    tell: Tell | None
    """Of who uses it now."""
    router: Router | None = None

    def say(self, line: str) -> None:
        """Hand a line of an engine to who uses it now."""
        if self.tell is not None:
            self.tell(line)


@dataclass(slots=True)
class _Routers:
    """Those that are open, each held by a task of its own, which opened it and closes it."""

    group: TaskGroup
    kept: list[_Kept] = field(default_factory=list[_Kept])

    @asynccontextmanager
    async def open(
        self,
        roles: Mapping[str, RoleSection],
        plugins: Plugins,
        *,
        logs: Path | None = None,
        tell: Tell | None = None,
    ) -> AsyncGenerator[Router]:
        """The router of these roles, opened where it is not; its counts begin anew."""
        found = next((one for one in self.kept if one.roles == roles), None)
        if found is None:
            found = _Kept(dict(roles), tell)
            found.router = await self.group.start(self._hold, found, plugins, logs)
            self.kept.append(found)
        assert found.router is not None  # noqa: S101 - it is listed once it is open
        found.tell = tell
        yield Router(found.router.models)

    async def _hold(
        self,
        kept: _Kept,
        plugins: Plugins,
        logs: Path | None,
        *,
        task_status: TaskStatus[Router],
    ) -> None:
        async with open_router(kept.roles, plugins, logs=logs, tell=kept.say) as router:
            task_status.started(router)
            await anyio.sleep_forever()


@asynccontextmanager
async def kept_routers() -> AsyncGenerator[OpenRouter]:
    """What opens routers that stay open until this is left, for one evaluation after another.

    An exception of the body comes out as it is.
    """
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        try:
            yield _Routers(group).open
        except Exception as error:  # noqa: BLE001 - raised again outside the group
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
