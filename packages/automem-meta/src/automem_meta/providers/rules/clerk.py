"""Calls tools one by one as a model would, and never asks again what a transcript answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from automem.errors import MetaError
from automem.protocols import ReviewDesk
from automem.records.review import (
    Answered,
    AnyReviewEvent,
    MetaTurn,
    Said,
    ToolAnswer,
    ToolCall,
)

MODEL = "rules (no language model)"
_MORE = re.compile(r"\n\[characters \d+ to \d+ of \d+(?:; read on with offset=(\d+))?\]$")
_LISTED = re.compile(r"^(\S+) \(\d+ lines, \d+ characters\)$", re.MULTILINE)


def recorded(events: Sequence[AnyReviewEvent]) -> list[tuple[MetaTurn, ToolAnswer | None]]:
    """Each turn of a transcript with the answer to its call; None where there is none."""
    found: list[tuple[MetaTurn, ToolAnswer | None]] = []
    for event in events:
        if isinstance(event, Said):
            found.append((event.turn, None))
        elif isinstance(event, Answered) and found:
            found[-1] = (found[-1][0], event.answer)
    return found


@dataclass(slots=True)
class Clerk:
    """One sitting; each call is a turn of the transcript."""

    desk: ReviewDesk
    recording: list[tuple[MetaTurn, ToolAnswer | None]]
    """What an interrupted review did; used up from its beginning, for as long as it fits."""

    async def say(self, text: str) -> None:
        """A turn without a call."""
        if self._again(text, None) is None:
            self.desk.allow()
            self.desk.said(MetaTurn(text=text, cost=0.0, model=MODEL))

    async def ask(self, name: str, **arguments: Any) -> ToolAnswer:
        """One tool, once."""
        done = self._again("", (name, arguments))
        if done is not None:
            turn, answer = done
            return await self.desk.call(turn.calls[0]) if answer is None else answer
        self.desk.allow()
        call = ToolCall(id=f"rules-{len(self.desk.events)}", name=name, arguments=arguments)
        self.desk.said(MetaTurn(calls=(call,), end="tools", cost=0.0, model=MODEL))
        return await self.desk.call(call)

    def _again(
        self, text: str, asked: tuple[str, dict[str, Any]] | None
    ) -> tuple[MetaTurn, ToolAnswer | None] | None:
        """The same turn as it was recorded; None where it is a new one."""
        if not self.recording:
            return None
        turn, answer = self.recording.pop(0)
        calls = [(call.name, call.arguments) for call in turn.calls]
        if turn.text == text and calls == ([] if asked is None else [asked]):
            return turn, answer
        self.recording.clear()
        return None

    async def whole(self, name: str, **arguments: Any) -> str:
        """The whole answer of a tool, however long. Raises MetaError where it refuses."""
        parts: list[str] = []
        offset = 0
        while True:
            answer = await self.ask(name, **arguments, offset=offset)
            if answer.failed:
                raise MetaError(f"the tool {name} refused: {answer.text}")
            found = _MORE.search(answer.text)
            parts.append(answer.text[: found.start()] if found else answer.text)
            if found is None or found[1] is None:
                return "".join(parts)
            offset = int(found[1])

    async def text(self, path: str) -> str:
        """A whole file, its last line ended."""
        text = (await self.whole("read", path=path)).partition("\n")[2]
        return f"{text}\n" if text else ""

    async def listed(self, prefix: str = "") -> list[str]:
        """The names of plain files that begin with a prefix."""
        return _LISTED.findall(await self.whole("list", path=prefix))

    async def do(self, name: str, **arguments: Any) -> None:
        """A tool that has to work. Raises MetaError."""
        answer = await self.ask(name, **arguments)
        if answer.failed:
            raise MetaError(f"the tool {name} refused: {answer.text}")
