"""A review that was interrupted anywhere goes on, and no turn is asked for twice."""

from __future__ import annotations

import pytest

from automem.errors import MetaError
from automem.records.review import ReviewBudget
from automem.testing.meta_desk import MemoryDesk
from automem.testing.meta_script import ScriptedTurn, by_turn
from automem.testing.meta_server import fake_meta_llm

from .conftest import PROVIDERS, Provider
from .test_reviews import FILES, REVIEW

pytestmark = pytest.mark.anyio
SCRIPT = (ScriptedTurn(text="Where am I?"), *REVIEW)


def words(desk: MemoryDesk) -> list[object]:
    return [(turn.text, turn.calls, turn.raw) for turn in desk.turns]


async def test_killed_at_any_line_it_goes_on_to_the_same_end(provider: Provider) -> None:
    async with fake_meta_llm(by_turn(SCRIPT)) as llm:
        reviewer = provider(llm)
        whole = MemoryDesk(files=dict(FILES))
        await reviewer.review(whole)
        assert len(whole.lines) == 10
        for line in range(1, len(whole.lines)):
            before = llm.answered
            desk = MemoryDesk(files=dict(FILES), dies_after=line)
            with pytest.raises(KeyboardInterrupt):
                await reviewer.review(desk)
            # Only a turn that died on its way into the transcript is asked for again.
            assert llm.answered - before - len(desk.turns) in (0, 1)
            before = llm.answered
            again = desk.reopened()
            await reviewer.review(again)
            assert llm.answered - before == len(SCRIPT) - len(desk.turns)
            assert again.finished
            assert again.answers == whole.answers
            assert again.notes == whole.notes
            assert [turn.text for turn in again.turns] == [turn.text for turn in whole.turns]
        await reviewer.aclose()
    assert llm.refused == []


async def test_what_is_sent_after_an_interruption_is_what_would_have_been_sent(
    provider: Provider,
) -> None:
    whole = MemoryDesk(files=dict(FILES))
    desk = MemoryDesk(files=dict(FILES), dies_after=7)
    async with fake_meta_llm(SCRIPT) as llm:
        await provider.review(whole, llm)
    async with fake_meta_llm(SCRIPT) as other:
        with pytest.raises(KeyboardInterrupt):
            await provider.review(desk, other)
        again = desk.reopened()
        await provider.review(again, other)
    assert [asked.body for asked in other.asked] == [asked.body for asked in llm.asked]
    assert words(again) == words(whole)


async def test_a_budget_that_was_raised_counts_for_the_review_that_is_open(
    provider: Provider,
) -> None:
    desk = MemoryDesk(files=dict(FILES), budget=ReviewBudget(seconds=1e-6))
    async with fake_meta_llm(SCRIPT) as llm:
        with pytest.raises(MetaError, match="the same command goes on"):
            await provider.review(desk, llm)
        again = desk.reopened()
        again.budget = ReviewBudget()
        await provider.review(again, llm)
    assert again.finished


async def test_a_finished_review_asks_for_nothing(provider: Provider) -> None:
    desk = MemoryDesk(files=dict(FILES))
    async with fake_meta_llm(SCRIPT) as llm:
        await provider.review(desk, llm)
        await provider.review(desk.reopened(), llm)
    assert len(llm.asked) == len(SCRIPT)


@pytest.mark.parametrize("second", PROVIDERS, ids=lambda provider: provider.name)
async def test_another_provider_goes_on_where_one_stopped(
    provider: Provider, second: Provider
) -> None:
    desk = MemoryDesk(files=dict(FILES), dies_after=8)
    async with fake_meta_llm(SCRIPT) as llm:
        with pytest.raises(KeyboardInterrupt):
            await provider.review(desk, llm)
    again = desk.reopened()
    async with fake_meta_llm(SCRIPT[len(desk.turns) :]) as llm:
        await second.review(again, llm)
    assert again.finished
    assert llm.refused == []
    assert llm.asked[0].answers == (("analysis.md written",))
