"""What goes wrong with a provider: tried again within limits, or said clearly, and never lost."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from automem.errors import MetaError
from automem.records.review import ReviewBudget
from automem.testing.meta_desk import MemoryDesk
from automem.testing.meta_script import MetaFault, MetaFaultKind, ScriptedCall, ScriptedTurn
from automem.testing.meta_server import fake_meta_llm

from .conftest import KEY, Clock, Provider
from .test_reviews import FILES, REVIEW, desk

pytestmark = pytest.mark.anyio


def status(number: int, **more: str) -> MetaFault:
    return MetaFault(kind="status", status=number, **more)


@pytest.mark.parametrize("code", [408, 409, 429, 500, 503, 529])
async def test_what_may_pass_is_tried_again(provider: Provider, code: int) -> None:
    at, clock = desk(), Clock()
    script = (REVIEW[0], status(code), status(code), *REVIEW[1:])
    async with fake_meta_llm(script) as llm:
        with capture_logs() as logs:
            await provider.review(at, llm, clock=clock)
    assert at.finished
    assert [turn.retries for turn in at.turns] == [0, 2, 0]
    assert 0.0 < clock.now == pytest.approx(at.turns[1].waited_seconds)
    assert [event["tries"] for event in logs if event["event"] == "meta_call_failed"] == [1, 2]


@pytest.mark.parametrize("kind", ["cut", "overloaded"])
async def test_an_answer_that_ends_in_the_middle_is_asked_for_again(
    provider: Provider, kind: MetaFaultKind
) -> None:
    half = ScriptedTurn(text="I begin", calls=(ScriptedCall(name="finish"),))
    at = desk()
    async with fake_meta_llm((MetaFault(kind=kind, turn=half), *REVIEW)) as llm:
        await provider.review(at, llm)
    assert at.finished
    assert [turn.retries for turn in at.turns] == [1, 0, 0]
    assert "I begin" not in [turn.text for turn in at.turns]


async def test_a_server_is_waited_for_as_long_as_it_asks(provider: Provider) -> None:
    at, clock = desk(), Clock()
    async with fake_meta_llm((status(429, retry_after="7"), *REVIEW)) as llm:
        await provider.review(at, llm, clock=clock)
    assert 7.0 <= clock.now <= 7.5


async def test_a_wait_is_cut_to_what_is_left_of_the_turn(provider: Provider) -> None:
    at, clock = desk(), Clock()
    async with fake_meta_llm((status(429, retry_after="86400"), *REVIEW)) as llm:
        await provider.review(at, llm, clock=clock)
    assert clock.now == pytest.approx(600.0 - 30.0)


async def test_a_wait_is_cut_to_what_is_left_of_the_budget(provider: Provider) -> None:
    at, clock = desk(seconds=100.0), Clock()
    async with fake_meta_llm((status(429, retry_after="86400"), *REVIEW)) as llm:
        await provider.review(at, llm, clock=clock)
    assert clock.now == pytest.approx(100.0 - 30.0)


async def test_tries_have_a_limit_and_the_review_goes_on_later(provider: Provider) -> None:
    at = desk()
    async with fake_meta_llm((REVIEW[0], *[status(529)] * 3, *REVIEW[1:])) as llm:
        with pytest.raises(MetaError, match=r"answered 529: .*\(3 tries, .*review is kept"):
            await provider.review(at, llm, retries=2)
        again = at.reopened()
        await provider.review(again, llm)
    assert again.finished
    assert len(llm.asked) == 6


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (400, "check the model and the provider's options"),
        (401, "check the key in the environment variable"),
        (403, "may not use this model"),
        (404, "check the model's name and base_url"),
    ],
)
async def test_what_does_not_pass_is_said_at_once(
    provider: Provider, code: int, advice: str
) -> None:
    async with fake_meta_llm([status(code)]) as llm:
        said = rf"answered {code}: out of order; .*{advice}.* \(1 try"
        with pytest.raises(MetaError, match=said):
            await provider.review(desk(), llm)
    assert len(llm.asked) == 1


async def test_an_account_without_money_is_not_waited_for(provider: Provider) -> None:
    code = "billing_error" if provider.name == "anthropic" else "insufficient_quota"
    async with fake_meta_llm([status(429, code=code)]) as llm:
        with pytest.raises(MetaError, match="nothing left to pay with"):
            await provider.review(desk(), llm)
    assert len(llm.asked) == 1


async def test_a_wrong_key_is_never_repeated(provider: Provider) -> None:
    async with fake_meta_llm(REVIEW, key="another") as llm:
        with pytest.raises(MetaError, match="answered 401: invalid key") as caught:
            await provider.review(desk(), llm)
    assert KEY not in str(caught.value)
    assert llm.asked == []


async def test_a_server_that_is_not_there_is_tried_again_and_named(provider: Provider) -> None:
    async with fake_meta_llm(REVIEW) as llm:
        reviewer = provider(llm, retries=1)
    with pytest.raises(MetaError, match=r"the connection to .* failed.*2 tries"):
        await reviewer.review(desk())
    await reviewer.aclose()


async def test_a_server_that_never_answers_ends_at_the_deadline(provider: Provider) -> None:
    at = desk(seconds=0.3)
    async with fake_meta_llm([MetaFault(kind="hang")]) as llm:
        with pytest.raises(MetaError, match=r"gave no answer within 0\.3 s"):
            await provider.review(at, llm, retries=0)
    assert len(llm.asked) == 1


def long_reads(count: int) -> tuple[ScriptedTurn, ...]:
    read = ScriptedCall(name="read", arguments={"path": "trace.txt"})
    return tuple(
        ScriptedTurn(thinking=f"Page {number}.", calls=(read, read)) for number in range(count)
    )


async def test_too_long_a_conversation_is_shortened_from_its_oldest_answers(
    provider: Provider,
) -> None:
    page = "x" * 5000
    at = MemoryDesk(files={**FILES, "trace.txt": page}, budget=ReviewBudget())
    script = (*long_reads(3), MetaFault(kind="overflow"), *REVIEW)
    async with fake_meta_llm(script) as llm:
        await provider.review(at, llm)
    assert at.finished
    assert llm.refused == []
    assert len(at.notes) == 1
    assert "The 2 oldest tool answers are shortened" in at.notes[0]
    *_, before, after, following, _ = llm.asked
    assert str(before.body).count(page) == 6
    assert str(after.body).count(page) == 4
    assert str(after.body).count("[shortened: 4700 more characters stood here]") == 2
    assert after.told[:1] == (at.brief,)
    assert after.told[-1] == at.notes[0]
    assert after.answers == (page, page)
    # Once shortened they stay so: the prefix is the same from here on.
    assert str(following.body).count(page) == 4
    assert at.answers[0] == ("read", page)


async def test_it_is_shortened_again_until_it_fits(provider: Provider) -> None:
    page = "x" * 5000
    at = MemoryDesk(files={**FILES, "trace.txt": page})
    script = (*long_reads(3), *[MetaFault(kind="overflow")] * 3, *REVIEW)
    async with fake_meta_llm(script) as llm:
        await provider.review(at, llm)
    assert at.finished
    assert ["The 2 " in at.notes[0], "The 3 " in at.notes[1], "The 4 " in at.notes[2]] == [True] * 3
    assert llm.refused == []


async def test_what_cannot_be_shortened_any_more_fails_with_advice(provider: Provider) -> None:
    at = MemoryDesk(files=dict(FILES))
    async with fake_meta_llm((REVIEW[0], MetaFault(kind="overflow"))) as llm:
        with pytest.raises(MetaError, match=r"does not fit into the context.*longer context"):
            await provider.review(at, llm)
    assert at.notes == []


async def test_a_review_that_was_shortened_is_so_after_an_interruption(provider: Provider) -> None:
    page = "x" * 5000
    at = MemoryDesk(files={**FILES, "trace.txt": page})
    async with fake_meta_llm((*long_reads(3), MetaFault(kind="overflow"), status(400))) as llm:
        with pytest.raises(MetaError):
            await provider.review(at, llm)
    again = at.reopened()
    async with fake_meta_llm(REVIEW) as other:
        await provider.review(again, other)
    assert other.asked[0].body == llm.asked[-1].body
    assert again.finished
