"""A review desk in memory: for whoever writes a meta-LLM provider and wants to try it out.

    desk = MemoryDesk(files={"scaffold.toml": "..."})
    await provider.review(desk)
    assert desk.finished and desk.files["analysis.md"]

Its transcript goes through JSON as a real one does, so that `reopened()` is what another process
would find after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from automem.errors import LimitReached
from automem.records.review import (
    Answered,
    AnyReviewEvent,
    MetaTurn,
    Noted,
    Opened,
    ReviewBudget,
    Said,
    ToolAnswer,
    ToolCall,
    ToolSpec,
)

_AT = "2026-01-01T00:00:00Z"
_EVENT = msgspec.json.Decoder(AnyReviewEvent)
_TEXT = {"type": "string"}
TOOLS = (
    ToolSpec(
        name="list",
        description="Name the files there are.",
        parameters={"type": "object", "properties": {}},
    ),
    ToolSpec(
        name="read",
        description="Read a file.",
        parameters={"type": "object", "properties": {"path": _TEXT}, "required": ["path"]},
    ),
    ToolSpec(
        name="write",
        description="Write a file.",
        parameters={
            "type": "object",
            "properties": {"path": _TEXT, "text": _TEXT},
            "required": ["path", "text"],
        },
    ),
    ToolSpec(
        name="finish",
        description="End the review; there has to be an analysis.md.",
        parameters={"type": "object", "properties": {}},
    ),
)


@dataclass(slots=True)
class MemoryDesk:
    """A desk with four tools over a dict of files."""

    files: dict[str, str] = field(default_factory=dict[str, str])
    budget: ReviewBudget = field(default_factory=ReviewBudget)
    instructions: str = "You improve what is in these files."
    brief: str = "Read the files, write analysis.md, and finish."
    tools: tuple[ToolSpec, ...] = TOOLS
    folder: Path = Path()
    """Where a real one would keep its files."""
    lines: list[bytes] = field(default_factory=list[bytes])
    """The transcript as it would be on disk."""
    finished: bool = False
    dies_after: int | None = None
    """Raises KeyboardInterrupt instead of writing this line of the transcript."""

    def __post_init__(self) -> None:
        if not self.lines:
            names = tuple(tool.name for tool in self.tools)
            self._write(
                Opened(
                    at=_AT,
                    provider="fake",
                    model="fake",
                    instructions=self.instructions,
                    brief=self.brief,
                    tools=names,
                    budget=self.budget,
                )
            )

    @property
    def events(self) -> Sequence[AnyReviewEvent]:
        """The transcript so far."""
        return [_EVENT.decode(line) for line in self.lines]

    @property
    def turns(self) -> list[MetaTurn]:
        """What the meta-LLM said."""
        return [event.turn for event in self.events if isinstance(event, Said)]

    @property
    def answers(self) -> list[tuple[str, str]]:
        """Each tool that was called, and what it answered."""
        answered = [event for event in self.events if isinstance(event, Answered)]
        return [(event.call.name, event.answer.text) for event in answered]

    @property
    def notes(self) -> list[str]:
        """What the host said."""
        return [event.text for event in self.events if isinstance(event, Noted)]

    def reopened(self) -> MemoryDesk:
        """The desk as another process finds it."""
        return MemoryDesk(
            files=dict(self.files),
            budget=self.budget,
            instructions=self.instructions,
            brief=self.brief,
            tools=self.tools,
            lines=list(self.lines),
            finished=self.finished,
        )

    def allow(self) -> str:
        """Nothing to say until the budget is spent. Raises LimitReached."""
        cost = [turn.cost for turn in self.turns]
        most = self.budget
        if most.turns is not None and len(cost) >= most.turns:
            raise LimitReached(f"the review may take {most.turns} turns")
        if most.cost is not None and sum(dollars or 0.0 for dollars in cost) >= most.cost:
            raise LimitReached(f"the review may cost ${most.cost:g}")
        return ""

    def said(self, turn: MetaTurn) -> None:
        """Write a turn down."""
        self._write(Said(at=_AT, turn=turn))

    def note(self, text: str) -> None:
        """Write down what the provider told the model."""
        self._write(Noted(at=_AT, text=text))

    async def call(self, call: ToolCall) -> ToolAnswer:
        """Use a tool. Raises LimitReached when there were enough calls."""
        most = self.budget.tool_calls
        if most is not None and len(self.answers) >= most:
            raise LimitReached(f"the review may call {most} tools")
        text, failed = self._use(call)
        answer = ToolAnswer(id=call.id, text=text, failed=failed)
        self._write(Answered(at=_AT, call=call, answer=answer))
        self.finished = self.finished or (call.name == "finish" and not failed)
        return answer

    def _use(self, call: ToolCall) -> tuple[str, bool]:
        if call.malformed:
            return f"the arguments are no JSON object: {call.malformed}", True
        spec = next((tool for tool in self.tools if tool.name == call.name), None)
        if spec is None:
            known = ", ".join(tool.name for tool in self.tools)
            return f"there is no tool {call.name}; there are: {known}", True
        wanted: Sequence[str] = spec.parameters.get("required", ())
        missing = [name for name in wanted if not isinstance(call.arguments.get(name), str)]
        if missing:
            return f"{call.name} needs {', '.join(missing)}", True
        return self._act(call.name, call.arguments)

    def _act(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        match name:
            case "list":
                return "\n".join(sorted(self.files)) or "no files", False
            case "read":
                text = self.files.get(arguments["path"])
                return (f"there is no {arguments['path']}", True) if text is None else (text, False)
            case "write":
                self.files[arguments["path"]] = arguments["text"]
                return f"{arguments['path']} written", False
            case _:
                there = "analysis.md" in self.files
                return ("done", False) if there else ("write analysis.md first", True)

    def _write(self, event: AnyReviewEvent) -> None:
        if self.dies_after is not None and len(self.lines) >= self.dies_after:
            raise KeyboardInterrupt
        self.lines.append(msgspec.json.encode(event))
