"""Between Claude Code, which runs its own loop, and the desk, which keeps the record.

The agent's stream says what the model said; the tools are called beside it, sometimes before the
turn that calls them has ended. Here a turn is in the transcript before any of its calls is
answered, and an answer carries what the desk has to say about the budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NoReturn

import anyio
import msgspec

from automem.errors import MetaError
from automem.models.cost import Price
from automem.models.retry import Clock
from automem.protocols import ReviewDesk
from automem.records.review import ToolCall
from automem_meta.providers.anthropic_form import Gathered
from automem_meta.session.loop import priced

API = "claude-code"
"""Whose form a turn has: its thoughts are signed for a conversation that only the agent has."""
SERVER = "review"
PREFIX = f"mcp__{SERVER}__"
"""How Claude Code names a tool of our server to the model."""
MOST_WAIT_SECONDS = 120.0
"""For the end of the turn that calls a tool; a stream that stops for longer is dead."""


@dataclass(slots=True)
class Bridge:
    """One sitting of an agent at a desk."""

    desk: ReviewDesk
    model: str
    price: Price | None
    over: anyio.Event = field(default_factory=anyio.Event)
    """The sitting is to end: finished, out of budget, or broken."""
    failure: BaseException | None = None
    """What is to be raised when it is over."""
    clock: Clock = monotonic
    _open: list[ToolCall] = field(default_factory=list[ToolCall])
    """Calls that were said and that nobody answers yet."""
    _running: int = 0
    """Calls that are being answered."""
    _refused: dict[str, str] = field(default_factory=dict[str, str])
    """What the agent itself answered to a call, by the call's id."""
    _gathered: Gathered = field(default_factory=Gathered)
    _began: float = 0.0
    _said: anyio.Condition = field(default_factory=anyio.Condition)

    async def take(self, event: Mapping[str, Any]) -> None:
        """An event of the model's stream; at its end the turn is written down."""
        if event["type"] == "message_start":
            self._gathered, self._began = Gathered(), self.clock()
        self._gathered.take(event)
        if event["type"] != "message_stop":
            return
        turn = priced(self._gathered.turn(self.model, API, PREFIX), self.price)
        self.desk.said(msgspec.structs.replace(turn, seconds=self.clock() - self._began))
        async with self._said:
            self._open = list(turn.calls)
            self._said.notify_all()
        self._drop_refused()

    def refused(self, call_id: str, said: str) -> None:
        """The agent answered a call by itself: there is no such tool, or its input is wrong."""
        self._refused[call_id] = said
        self._drop_refused()

    async def use(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        """Answer a call once it is in the transcript; the text, and whether it failed.

        The call that ends the sitting is answered to the transcript alone: with an answer the
        agent would begin a further turn, and pay for it, before it is stopped.
        """
        try:
            call = await self._said_call(name, arguments)
            self._running += 1
            answer = await self.desk.call(call)
            self._running -= 1
            is_last = not self._open and not self._running
            told = self.desk.allow() if is_last and not self.desk.finished else ""
        except Exception as error:  # noqa: BLE001 - the SDK would tell it to the model and go on
            return await self._end(error)
        if self.desk.finished:
            return await self._end(None)
        return (f"{answer.text}\n\n{told}" if told else answer.text), answer.failed

    async def _end(self, failure: BaseException | None) -> NoReturn:
        self.failure = self.failure or failure
        self.over.set()
        await anyio.sleep_forever()
        raise AssertionError  # sleep_forever only ends by cancellation

    async def _said_call(self, name: str, arguments: Mapping[str, Any]) -> ToolCall:
        with anyio.move_on_after(MOST_WAIT_SECONDS):
            async with self._said:
                while (found := self._find(name, arguments)) is None:
                    await self._said.wait()
                self._open.remove(found)
                return found
        raise MetaError(
            f"Claude Code called {name} without a turn that says so; the review is kept, and the "
            "same command goes on with it"
        )

    def _find(self, name: str, arguments: Mapping[str, Any]) -> ToolCall | None:
        """The call with these arguments, or the first of this name: an agent may tidy them up."""
        named = [call for call in self._open if call.name == name]
        exact = [call for call in named if call.arguments == arguments]
        return next(iter(exact or named), None)

    def _drop_refused(self) -> None:
        for call in [call for call in self._open if call.id in self._refused]:
            self._open.remove(call)
            self.desk.note(f"Claude Code itself answered {call.name}: {self._refused[call.id]}")
