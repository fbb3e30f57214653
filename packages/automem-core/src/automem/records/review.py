"""What a review session consists of: a task, tools, turns of the meta-LLM and what they cost."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from automem.records._struct import Record
from automem.records.model import Usage

Positive = Annotated[int, Meta(ge=1)]
Amount = Annotated[float, Meta(gt=0.0)]
TurnEnd = Literal["end", "tools", "length", "refusal"]
CloseReason = Literal["finished", "limit", "gave_up", "refused"]
ReviewKind = Literal["scaffold", "recipe"]
NoteKind = Literal["provider", "warning", "ending"]


class ToolSpec(Record):
    """One tool as a meta-LLM is told of it."""

    name: str
    description: str
    parameters: dict[str, Any]
    """A JSON schema of type `object`."""


class ToolCall(Record):
    """A meta-LLM asks for a tool."""

    id: str
    """The provider's own; an answer names it again."""
    name: str
    arguments: dict[str, Any] = {}
    malformed: str = ""
    """What was sent where it was no JSON object; `arguments` is then empty."""


class ToolAnswer(Record):
    """What a tool answered."""

    id: str
    text: str
    failed: bool = False


class MetaTurn(Record):
    """One answer of a meta-LLM, paid for."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    end: TurnEnd = "end"
    usage: Usage = Usage()
    cache_written_tokens: int = 0
    """Input tokens that were written into the provider's cache; part of `usage.input_tokens`."""
    cost: float | None = None
    """US dollars; None where no price is known."""
    model: str = ""
    seconds: float = 0.0
    """Wall time of the try that succeeded."""
    waited_seconds: float = 0.0
    """Time spent before it: on tries that failed, and between them."""
    retries: int = 0
    """Tries that failed before it."""
    raw: msgspec.Raw = msgspec.Raw(b"null")
    """The provider's own form of it, as JSON, with which the conversation goes on."""


class ReviewBudget(Record):
    """What one review may use; None is no limit. Checked before and after every call."""

    turns: Positive | None = 200
    tool_calls: Positive | None = 1000
    tokens: Positive | None = None
    cost: Amount | None = None
    seconds: Amount | None = 7200.0


class Spent(Record):
    """What a review has used."""

    turns: int = 0
    tool_calls: int = 0
    tokens: int = 0
    cost: float | None = 0.0
    """None as soon as one turn has no known price."""
    seconds: float = 0.0


class ReviewTask(Record):
    """What one review is to change, and what is known before it."""

    incumbent: str
    """Content hash of the scaffold that is to be improved, or that played what is learned from;
    the run keeps a copy of it."""
    evaluations: tuple[str, ...]
    """Keys of the evaluations that may be looked at; the first is the incumbent's."""
    revision: int = 1
    attempt: int = 1
    continuation: bool = False
    """Whether it goes on from a change that was refused, with its result before its eyes."""
    previous_change: str = ""
    """The change before this one, in words; empty at the beginning."""
    previous_result: str = ""
    """What came of it: the check's problems, or the gate's sentence with its figures."""
    failed_overlay: str = ""
    """Where a continuation begins: a folder below the run's, such as `reviews/001-a/overlay`."""
    failed_evaluations: tuple[str, ...] = ()
    """Keys of what was played of it; they may be looked at too."""
    ledger: tuple[str, ...] = ()
    """One line for each thing that was tried so far, with its verdict."""
    memory_only: bool = False
    """Whether what is kept is also evaluated without `perceive` and `guard`."""


class ReviewOutcome(Record):
    """How a review ended."""

    reason: CloseReason
    text: str = ""
    """Why, where it is not finished."""
    change: str = ""
    """The change in one line: the first of `method.md`."""
    spent: Spent


class ReviewEvent(Record, tag_field="event"):
    """One line of a review's transcript."""

    at: str
    """ISO 8601, UTC."""


class Opened(ReviewEvent, tag="opened"):
    """The first line: what was asked for."""

    kind: ReviewKind = "scaffold"
    provider: str
    model: str
    instructions: str
    brief: str
    tools: tuple[str, ...]
    budget: ReviewBudget


class Said(ReviewEvent, tag="said"):
    """The meta-LLM answered."""

    turn: MetaTurn


class Answered(ReviewEvent, tag="answered"):
    """A tool answered; written before the meta-LLM is shown it."""

    call: ToolCall
    answer: ToolAnswer
    seconds: float = 0.0
    """How long the tool took."""


class Noted(ReviewEvent, tag="noted"):
    """The host told the meta-LLM something: how much of the budget is left, to go on, to end."""

    text: str
    kind: NoteKind = "provider"
    """`warning`: most of the budget is spent; `ending`: nearly all; `provider`: anything else."""


class Closed(ReviewEvent, tag="closed"):
    """The last line."""

    reason: CloseReason
    text: str = ""
    spent: Spent


AnyReviewEvent: TypeAlias = Opened | Said | Answered | Noted | Closed
