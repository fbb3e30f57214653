"""A review as a chat: what the transcript says, in the order a model is to read it.

It is a pure function of the transcript, so that a review that was interrupted reads, to the byte,
as it did before: no turn is asked twice, and a provider's prefix cache still holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from automem.protocols import ReviewDesk
from automem.records._struct import Record
from automem.records.review import (
    Answered,
    AnyReviewEvent,
    MetaTurn,
    Noted,
    Said,
    ToolCall,
    ToolSpec,
)
from automem_meta.session.texts import count_in, filled

KEPT_CHARACTERS = 300
"""What is left of an answer that is shortened."""
_UNANSWERED = "There is no answer: the review was interrupted here."


class Told(Record):
    """The host speaks: the brief, or a note."""

    text: str


class Spoke(Record):
    """The meta-LLM spoke."""

    turn: MetaTurn
    is_verbatim: bool = True
    """Whether all before it reads as when it was said; signed thoughts hold only then."""


class Reply(Record):
    """The answer to one call."""

    call: ToolCall
    text: str
    failed: bool = False


class Replies(Record):
    """The answers to every call of the turn before, in the order of its calls."""

    replies: tuple[Reply, ...]
    note: str = ""
    """What the host adds."""


Entry: TypeAlias = Told | Spoke | Replies


class Conversation(Record):
    """All that a model is sent for one turn."""

    instructions: str
    tools: tuple[ToolSpec, ...]
    entries: tuple[Entry, ...]


@dataclass(slots=True)
class _Group:
    """What came between two turns."""

    turn: MetaTurn | None = None
    answered: list[Answered] = field(default_factory=list[Answered])
    notes: list[str] = field(default_factory=list[str])
    is_last: bool = False

    def replies(self) -> Iterator[Reply]:
        """Calls are matched by id and, where a server gives one id twice, by order."""
        left = list(self.answered)
        for call in self.turn.calls if self.turn else ():
            found = next((event for event in left if event.call.id == call.id), None)
            if found is None:
                yield Reply(call=call, text=_UNANSWERED, failed=True)
            else:
                left.remove(found)
                yield Reply(call=call, text=found.answer.text, failed=found.answer.failed)


def conversation_of(desk: ReviewDesk) -> Conversation:
    """The conversation so far, from the brief to the last answer."""
    shortened = shortened_answers(desk.events)
    since = _last_shortening(desk.events)
    entries: list[Entry] = [Told(text=desk.brief)]
    number = 0
    turns = 0
    for group in _groups(desk.events):
        if group.turn is not None:
            entries.append(Spoke(turn=group.turn, is_verbatim=turns >= since))
            turns += 1
        note = "\n\n".join(group.notes)
        replies: list[Reply] = []
        for reply in group.replies():
            replies.append(_shortened(reply) if number < shortened else reply)
            number += 1
        if replies:
            entries.append(Replies(replies=tuple(replies), note=note))
        elif note:
            entries.append(Told(text=note))
    return Conversation(instructions=desk.instructions, tools=desk.tools, entries=tuple(entries))


def shortened_answers(events: Sequence[AnyReviewEvent]) -> int:
    """How many answers, counted from the oldest, the model was told are shortened."""
    counts = [_told_count(event) for event in events]
    return max((count for count in counts if count is not None), default=0)


def more_to_shorten(conversation: Conversation, already: int) -> int | None:
    """How many of the oldest answers to shorten so that half of their text goes.

    The answers to the last turn are the last to go. None where shortening brings nothing more.
    """
    groups = [entry for entry in conversation.entries if isinstance(entry, Replies)]
    older = [reply for group in groups[:-1] for reply in group.replies]
    every = [reply for group in groups for reply in group.replies]
    for replies in (older, every):
        gains = [_gain(reply) for reply in replies[already:]]
        wanted = sum(gains) / 2
        gone = 0
        for count, gain in enumerate(gains, start=already + 1):
            gone += gain
            if gone and gone >= wanted:
                return count
    return None


def _groups(events: Sequence[AnyReviewEvent]) -> Iterator[_Group]:
    group = _Group()
    for event in events:
        match event:
            case Said():
                yield group
                group = _Group(turn=event.turn)
            case Answered():
                group.answered.append(event)
            case Noted():
                group.notes.append(event.text)
            case _:
                continue
    yield group


def _last_shortening(events: Sequence[AnyReviewEvent]) -> int:
    """Turns that were said before the answers were last shortened."""
    turns = before = 0
    for event in events:
        if isinstance(event, Said):
            turns += 1
        elif _told_count(event) is not None:
            before = turns
    return before


def _told_count(event: AnyReviewEvent) -> int | None:
    return count_in("shortened", event.text) if isinstance(event, Noted) else None


def _gain(reply: Reply) -> int:
    return len(reply.text) - len(_shortened(reply).text)


def _shortened(reply: Reply) -> Reply:
    rest = len(reply.text) - KEPT_CHARACTERS
    text = f"{reply.text[:KEPT_CHARACTERS]}\n{filled('rest', rest)}"
    if rest <= 0 or len(text) >= len(reply.text):
        return reply
    return Reply(call=reply.call, text=text, failed=reply.failed)
