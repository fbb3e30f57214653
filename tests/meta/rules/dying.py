"""A desk that dies in the middle of a review."""

from __future__ import annotations

from typing import Any

from automem.records.review import ToolAnswer, ToolCall
from automem.review.desk import Desk


class Dying:
    """A desk that dies after some calls, when the call is made and not written down yet."""

    def __init__(self, desk: Desk, calls: int) -> None:
        self._desk = desk
        self._left = calls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    async def call(self, call: ToolCall) -> ToolAnswer:
        if self._left == 0:
            tool = {spec.name for spec in self._desk.tools}
            assert call.name in tool
            raise KeyboardInterrupt
        self._left -= 1
        return await self._desk.call(call)
