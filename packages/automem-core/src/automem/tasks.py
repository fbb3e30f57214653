"""Something done beside the work, for as long as the work takes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import anyio


@asynccontextmanager
async def beside(work: Callable[[], Coroutine[Any, Any, object]]) -> AsyncGenerator[None]:
    """Run `work` while the body runs, and cancel it afterwards.

    An exception of the body comes out as it is, not in the group that a task group makes of it.
    """
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(work)
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised again outside the group
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
