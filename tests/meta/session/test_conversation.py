"""The chat that a transcript is, and what is left out of it when it grows too long."""

from __future__ import annotations

import pytest

from automem.records.review import MetaTurn, ToolCall
from automem.testing.meta_desk import MemoryDesk
from automem_meta.session.conversation import (
    KEPT_CHARACTERS,
    Replies,
    Spoke,
    Told,
    conversation_of,
    more_to_shorten,
    shortened_answers,
)
from automem_meta.session.loop import idle_turns, notes_since_last_turn, open_calls
from automem_meta.session.texts import count_in, filled, text
from automem_meta.session.tool_text import calls_in

pytestmark = pytest.mark.anyio


def call(number: int) -> ToolCall:
    return ToolCall(id=f"call-{number}", name="read", arguments={"path": "trace.txt"})


async def answered(desk: MemoryDesk, *calls: ToolCall) -> None:
    desk.said(MetaTurn(calls=calls, end="tools"))
    for each in calls:
        await desk.call(each)


def replies(desk: MemoryDesk) -> list[list[str]]:
    entries = conversation_of(desk).entries
    return [[r.text for r in entry.replies] for entry in entries if isinstance(entry, Replies)]


def more(desk: MemoryDesk) -> int | None:
    return more_to_shorten(conversation_of(desk), shortened_answers(desk.events))


def test_a_new_review_is_its_brief() -> None:
    desk = MemoryDesk()
    conversation = conversation_of(desk)
    assert conversation.entries == (Told(text=desk.brief),)
    assert (conversation.instructions, conversation.tools) == (desk.instructions, desk.tools)


def test_a_note_before_the_first_turn_follows_the_brief() -> None:
    desk = MemoryDesk()
    desk.note("One.")
    desk.note("Two.")
    assert conversation_of(desk).entries[1:] == (Told(text="One.\n\nTwo."),)
    assert notes_since_last_turn(desk.events) == "One.\n\nTwo."


def test_an_unanswered_call_is_said_to_be_one() -> None:
    desk = MemoryDesk()
    desk.said(MetaTurn(calls=(call(1),), end="tools"))
    assert replies(desk) == [["There is no answer: the review was interrupted here."]]
    assert open_calls(desk.events) == [call(1)]


async def test_calls_of_one_id_are_answered_in_their_order() -> None:
    desk = MemoryDesk(files={"a": "first", "b": "second"})
    twins = [ToolCall(id="same", name="read", arguments={"path": path}) for path in "ab"]
    await answered(desk, *twins)
    assert replies(desk) == [["first", "second"]]
    assert open_calls(desk.events) == []


async def test_the_oldest_answers_go_first_and_the_newest_last() -> None:
    page = "x" * 4000
    desk = MemoryDesk(files={"trace.txt": page})
    for number in range(4):
        await answered(desk, call(number))
    counts: list[int] = []
    while (
        count := more_to_shorten(conversation_of(desk), shortened_answers(desk.events))
    ) is not None:
        counts.append(count)
        desk.note(filled("shortened", count))
    assert counts == [2, 3, 4]
    assert all(len(said) < 400 for group in replies(desk) for said in group)
    assert replies(desk)[0][0].startswith("x" * KEPT_CHARACTERS + "\n[shortened: 3700 more")


async def test_short_answers_are_never_shortened() -> None:
    desk = MemoryDesk(files={"trace.txt": "x" * (KEPT_CHARACTERS + 20)})
    await answered(desk, call(1), call(2))
    assert more_to_shorten(conversation_of(desk), 0) is None


async def test_turns_from_before_a_shortening_are_no_longer_verbatim() -> None:
    desk = MemoryDesk(files={"trace.txt": "x" * 4000})
    await answered(desk, call(1))
    desk.note(filled("shortened", 1))
    await answered(desk, call(2))
    spoke = [entry for entry in conversation_of(desk).entries if isinstance(entry, Spoke)]
    assert [entry.is_verbatim for entry in spoke] == [False, True]


def test_idle_turns_are_counted_from_the_end() -> None:
    desk = MemoryDesk()
    assert idle_turns(desk.events) == 0
    desk.said(MetaTurn(calls=(call(1),)))
    desk.said(MetaTurn(text="Hm."))
    desk.note("Go on.")
    desk.said(MetaTurn(text="Hm."))
    assert idle_turns(desk.events) == 2


def test_a_count_is_read_back_from_its_text_alone() -> None:
    assert count_in("shortened", filled("shortened", 12)) == 12
    assert count_in("shortened", text("nudge")) is None
    assert count_in("shortened", f"As they said: {filled('shortened', 12)}") is None


def test_calls_in_words_need_a_fence_of_their_own() -> None:
    said = 'I could write ```tool``` or\n```json\n{"name": "read"}\n```\nbut I do not.'
    assert calls_in(said, 1) == ()
    (found,) = calls_in('~\n  ````tool x\n  {"name": "list"}\n  ````\n', 3)
    assert (found.id, found.name) == ("call-3-1", "list")
