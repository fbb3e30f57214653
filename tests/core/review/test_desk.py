"""A review from its brief to its outcome."""

import msgspec
import pytest

from automem.errors import ConfigError, LimitReached
from automem.models.cost import FREE
from automem.records.review import (
    Answered,
    Closed,
    MetaTurn,
    Noted,
    Opened,
    ReviewBudget,
    Said,
    ToolCall,
)
from automem.review.desk import MOST_LATE
from automem.testing.reviews import Reviews, refusal_of, text_of, turn, use

pytestmark = pytest.mark.anyio


async def deliver(desk) -> None:
    await text_of(desk, "edit", path="scaffold.toml", old="lines = 3", new="lines = 6")
    await text_of(desk, "write", path="analysis.md", text="The log is short.")
    await text_of(desk, "write", path="method.md", text="# Show more of the log\n\nM.")


async def test_a_review_that_is_finished_says_what_was_changed_and_what_it_cost(
    reviews: Reviews,
) -> None:
    async with reviews.open() as desk:
        assert desk.allow() == ""
        desk.said(turn())
        await deliver(desk)
        assert not desk.finished
        await text_of(desk, "finish")
        assert desk.finished
    outcome = desk.outcome
    assert outcome is not None
    assert (outcome.reason, outcome.change) == ("finished", "Show more of the log")
    assert (outcome.spent.turns, outcome.spent.tool_calls, outcome.spent.tokens) == (1, 4, 100)
    assert outcome.spent.cost == pytest.approx(0.01)
    folder = reviews.folder()
    assert (folder / "analysis.md").is_file()
    assert (folder / "brief.md").read_text(encoding="utf-8") == desk.brief
    assert "lines = 6" in (folder / "overlay" / "scaffold.toml").read_text(encoding="utf-8")


async def test_the_brief_shows_the_scaffold_and_what_was_played(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        pass
    assert "the incumbent, toy, 2 episodes" in desk.brief
    assert "log.txt" in desk.brief
    assert "revision 1, attempt 1" in desk.brief
    assert str(reviews.run.path) not in desk.brief
    assert "A1 | default | 1" in desk.brief


async def test_the_instructions_hold_the_constraints_and_all_that_a_scaffold_may_express(
    reviews: Reviews,
) -> None:
    async with reviews.open() as desk:
        pass
    for said in ("decides what to remember", "before the game has answered", "depend on a seed"):
        assert said in desk.instructions
    for field in ("soft_limit", "keep_last", "Remembrance", "previous_observation", "`Inject`"):
        assert field in desk.instructions
    assert "200 turns, 1000 tool calls, 120 minutes" in desk.instructions


async def test_a_review_goes_on_where_it_was_interrupted(reviews: Reviews) -> None:
    with pytest.raises(RuntimeError):
        async with reviews.open() as desk:
            desk.said(turn())
            await deliver(desk)
            raise RuntimeError
    assert desk.outcome is None
    async with reviews.open() as again:
        assert again.events == desk.events
        assert again.instructions == desk.instructions
        assert (again.spent.turns, again.spent.tool_calls) == (1, 3)
        await text_of(again, "finish")
    assert again.outcome is not None
    assert again.outcome.reason == "finished"


async def test_a_torn_last_line_is_owed_again(reviews: Reviews) -> None:
    with pytest.raises(RuntimeError):
        async with reviews.open() as desk:
            desk.said(turn(ToolCall(id="c", name="list")))
            await use(desk, "list")
            raise RuntimeError
    path = reviews.folder() / "transcript.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    async with reviews.open() as again:
        assert [type(event) for event in again.events] == [Opened, Said]
        await use(again, "list")
    kinds = [type(event) for event in again.events]
    assert kinds == [Opened, Said, Answered, Closed]


async def test_a_review_without_an_accepted_end_was_given_up(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        desk.said(turn())
    assert desk.outcome is not None
    assert desk.outcome.reason == "gave_up"
    with pytest.raises(LimitReached, match="over: gave_up"):
        desk.allow()


async def test_a_refusal_of_the_model_is_told_with_its_words(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        desk.said(turn(text="I will not.", end="refusal"))
    assert desk.outcome is not None
    assert (desk.outcome.reason, desk.outcome.text) == ("refused", "I will not.")


async def test_the_model_is_warned_then_asked_to_finish_then_stopped(reviews: Reviews) -> None:
    told: list[str] = []
    async with reviews.open(budget=ReviewBudget(turns=20)) as desk:
        for _ in range(21):
            told.append(desk.allow())
            desk.said(turn())
    assert [number for number, text in enumerate(told) if text] == [16, 19]
    assert "16 of 20 turns" in told[16]
    assert "Finish now" in told[19]
    assert desk.outcome is not None
    assert desk.outcome.reason == "limit"
    assert "20 of 20 turns" in desk.outcome.text
    assert [event.kind for event in desk.events if isinstance(event, Noted)] == [
        "warning",
        "ending",
    ]


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (ReviewBudget(tokens=100), "100 of 100 tokens"),
        (ReviewBudget(cost=0.01), r"\$0.01 of \$0.01"),
        (ReviewBudget(seconds=5.0), "7 of 5 seconds"),
        (ReviewBudget(tool_calls=1), "2 of 1 calls"),
    ],
    ids=["tokens", "money", "seconds", "tool calls"],
)
async def test_every_part_of_the_budget_stops_tools_too_but_never_the_end(
    reviews: Reviews, budget: ReviewBudget, said: str
) -> None:
    async with reviews.open(budget=budget, price=FREE) as desk:
        await use(desk, "list")
        desk.said(turn(seconds=7.0))
        assert "analysis.md is missing" in await refusal_of(desk, "finish")
        with pytest.raises(LimitReached, match=said):
            await use(desk, "list")
        desk.allow()
    assert desk.outcome is not None
    assert desk.outcome.reason == "limit"


async def test_a_limit_of_the_run_is_not_the_reviews(reviews: Reviews) -> None:
    with pytest.raises(LimitReached, match="the run"):
        async with reviews.open() as desk:
            raise LimitReached("the run has no money left")
    assert desk.outcome is None


async def test_a_limit_on_money_wants_a_known_price(reviews: Reviews) -> None:
    with pytest.raises(ConfigError, match="price of scripted none is not known"):
        async with reviews.open(budget=ReviewBudget(cost=1.0)):
            pass
    async with reviews.open(budget=ReviewBudget(cost=1.0), price=FREE) as desk:
        desk.said(turn(cost=None))
        desk.allow()
    assert desk.outcome is not None
    assert "price of a turn is not known" in desk.outcome.text


async def test_what_a_provider_tells_its_model_is_written_down(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        desk.note("Go on.")
    assert [event.text for event in desk.events if isinstance(event, Noted)] == ["Go on."]


async def test_secrets_and_terminal_commands_never_reach_transcript_or_model(
    reviews: Reviews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "a-very-own-value")
    key = "sk-" + "a" * 30
    async with reviews.open() as desk:
        text = f"{key} a-very-own-value \x1b[2J end"
        answer = await use(desk, "grep", pattern=text)
        desk.said(turn(ToolCall(id="x", name="write", arguments={"text": [text]}), text=text))
        await text_of(desk, "write", path="method.md", text=f"say {key}")
        shown = await text_of(desk, "read", path="method.md")
    kept = (reviews.folder() / "transcript.jsonl").read_text(encoding="utf-8")
    for where in (answer.text, kept, shown):
        assert key not in where
        assert "a-very-own-value" not in where
        assert "\x1b" not in where
    assert "[redacted]" in shown


async def test_nothing_can_be_done_after_the_end(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        await deliver(desk)
        await text_of(desk, "finish")
        assert "the review is over" in await refusal_of(desk, "write", path="code.py", text="")
    async with reviews.open() as again:
        assert again.finished
    assert again.events == desk.events


async def test_finish_is_tried_three_times_in_a_row_where_the_budget_is_spent(
    reviews: Reviews,
) -> None:
    async with reviews.open(budget=ReviewBudget(tool_calls=1)) as desk:
        await text_of(desk, "episodes")
        for _ in range(MOST_LATE):
            assert "analysis.md is missing" in await refusal_of(desk, "finish")
        with pytest.raises(LimitReached, match="budget is spent"):
            await use(desk, "finish")
    assert desk.outcome is not None
    assert desk.spent.tool_calls == 1 + MOST_LATE


async def test_arguments_nested_without_end_are_answered_and_kept_in_short(
    reviews: Reviews,
) -> None:
    deep: object = "x"
    for _ in range(3000):
        deep = [deep]
    call = ToolCall(id="1", name="metric", arguments={"by": deep})
    raw = b'{"a":' * 3000 + b"1" + b"}" * 3000
    async with reviews.open() as desk:
        desk.said(MetaTurn(calls=(call,), raw=msgspec.Raw(raw)))
        answer = await desk.call(call)
    assert answer.failed
    said = desk.events[1]
    assert isinstance(said, Said)
    assert bytes(said.turn.raw) == b'"(nested too deep)"'
    async with reviews.open() as again:
        assert again.events == desk.events
