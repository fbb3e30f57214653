"""What holds for every chat provider: the same desk and script give the same review."""

from __future__ import annotations

import subprocess
import sys

import pytest

from automem.errors import ConfigError, LimitReached
from automem.records.review import ReviewBudget
from automem.testing.meta_desk import MemoryDesk
from automem.testing.meta_script import ScriptedCall, ScriptedTurn
from automem.testing.meta_server import fake_meta_llm

from .conftest import KEY, Provider

pytestmark = pytest.mark.anyio
READ = ScriptedCall(name="read", arguments={"path": "scaffold.toml"})
WRITE = ScriptedCall(name="write", arguments={"path": "analysis.md", "text": "It forgets.\n"})
FINISH = ScriptedCall(name="finish")
REVIEW = (
    ScriptedTurn(
        text="First I look.",
        thinking="What is there?",
        calls=(ScriptedCall(name="list"), READ),
    ),
    ScriptedTurn(thinking="It has no map.", calls=(WRITE,)),
    ScriptedTurn(text="That is all.", calls=(FINISH,)),
)
FILES = {"scaffold.toml": 'name = "toy"\n'}


def desk(**budget: float) -> MemoryDesk:
    return MemoryDesk(files=dict(FILES), budget=ReviewBudget(**budget))


async def test_the_same_script_gives_the_same_review(provider: Provider) -> None:
    at = desk()
    async with fake_meta_llm(REVIEW, key=KEY) as llm:
        reviewer = provider(llm)
        await reviewer.review(at)
        await reviewer.aclose()
        await reviewer.aclose()
    assert at.finished
    assert at.answers == [
        ("list", "scaffold.toml"),
        ("read", 'name = "toy"\n'),
        ("write", "analysis.md written"),
        ("finish", "done"),
    ]
    assert at.files["analysis.md"] == "It forgets.\n"
    assert [turn.text for turn in at.turns] == ["First I look.", "", "That is all."]
    assert {turn.end for turn in at.turns} == {"tools"}
    assert at.notes == []
    assert llm.refused == []


async def test_the_model_is_shown_instructions_brief_tools_and_answers(provider: Provider) -> None:
    at = desk()
    async with fake_meta_llm(REVIEW) as llm:
        await provider.review(at, llm)
    first, second, _ = llm.asked
    assert first.instructions == at.instructions
    assert first.told == (at.brief,)
    assert first.tools == ("list", "read", "write", "finish")
    assert first.answers == ()
    assert second.answers == ("scaffold.toml", 'name = "toy"\n')
    assert second.told == (at.brief,)


async def test_tokens_are_counted_and_priced(provider: Provider) -> None:
    at = desk(cost=5.0)
    async with fake_meta_llm(REVIEW) as llm:
        await provider.review(at, llm)
    first, second, third = at.turns
    assert 0 < first.usage.input_tokens < second.usage.input_tokens < third.usage.input_tokens
    assert first.usage.cached_tokens == 0
    assert second.usage.cached_tokens >= first.usage.input_tokens * 0.9
    for turn in at.turns:
        fresh = turn.usage.input_tokens - turn.usage.cached_tokens
        dollars = 10 * fresh + 1 * turn.usage.cached_tokens + 50 * turn.usage.output_tokens
        assert turn.cost == pytest.approx(dollars / 1e6)
        assert turn.usage.output_tokens > 0


async def test_a_turn_without_a_tool_is_asked_to_go_on_three_times(provider: Provider) -> None:
    at = desk()
    idle = [ScriptedTurn(text=f"I think {number}.") for number in range(9)]
    async with fake_meta_llm(idle) as llm:
        await provider.review(at, llm)
    assert not at.finished
    assert len(llm.asked) == 4
    assert len(at.notes) == 3
    assert all("without calling a tool" in note for note in at.notes)
    assert llm.asked[1].told[-1] == at.notes[0]


async def test_a_tool_call_ends_the_counting_of_idle_turns(provider: Provider) -> None:
    idle = ScriptedTurn(text="Hm.")
    script = (idle, idle, idle, *REVIEW[:1], idle, idle, idle, *REVIEW[1:])
    at = desk()
    async with fake_meta_llm(script) as llm:
        await provider.review(at, llm)
    assert at.finished
    assert len(at.notes) == 6


async def test_an_empty_turn_is_asked_to_go_on(provider: Provider) -> None:
    at = desk()
    async with fake_meta_llm((ScriptedTurn(), *REVIEW)) as llm:
        await provider.review(at, llm)
    assert at.finished
    assert llm.refused == []


async def test_wrong_names_and_malformed_arguments_are_answered(provider: Provider) -> None:
    wrong = ScriptedTurn(
        calls=(
            ScriptedCall(name="shell", arguments={"command": "ls"}),
            ScriptedCall(name="read", malformed='{"path": "scaff'),
            ScriptedCall(name="read", malformed='["scaffold.toml"]'),
            ScriptedCall(name="read", arguments={"path": 7}),
        )
    )
    at = desk()
    async with fake_meta_llm((wrong, *REVIEW)) as llm:
        await provider.review(at, llm)
    assert at.finished
    assert [text for _, text in at.answers[:4]] == [
        "there is no tool shell; there are: list, read, write, finish",
        'the arguments are no JSON object: {"path": "scaff',
        'the arguments are no JSON object: ["scaffold.toml"]',
        "read needs path",
    ]
    assert llm.refused == []


async def test_an_answer_that_was_cut_off_is_told_so_and_its_call_not_carried_out(
    provider: Provider,
) -> None:
    half = '{"path": "analysis.md", "text": "It for'
    cut = ScriptedTurn(calls=(ScriptedCall(name="write", malformed=half),), end="length")
    at = desk()
    async with fake_meta_llm((cut, ScriptedTurn(text="So", end="length"), *REVIEW)) as llm:
        await provider.review(at, llm)
    assert at.finished
    assert [turn.end for turn in at.turns[:2]] == ["length", "length"]
    assert at.answers[0] == ("write", f"the arguments are no JSON object: {half}")
    assert len(at.notes) == 2
    assert all("was cut off" in note for note in at.notes)


async def test_a_refusal_ends_the_review(provider: Provider) -> None:
    at = desk()
    no = ScriptedTurn(text="I cannot help with that.", end="refusal")
    async with fake_meta_llm((REVIEW[0], no, *REVIEW[1:])) as llm:
        await provider.review(at, llm)
        again = at.reopened()
        await provider.review(again, llm)
    assert not at.finished
    assert at.turns[-1].end == "refusal"
    assert len(llm.asked) == 2
    assert again.lines == at.lines


async def test_nothing_is_asked_beyond_the_budget(provider: Provider) -> None:
    at = desk(turns=2)
    async with fake_meta_llm(REVIEW) as llm:
        with pytest.raises(LimitReached, match="2 turns"):
            await provider.review(at, llm)
    assert len(llm.asked) == 2


async def test_a_limit_on_money_without_a_price_refuses_to_start(provider: Provider) -> None:
    async with fake_meta_llm(REVIEW) as llm:
        reviewer = provider(llm)
        reviewer.price = None
        with pytest.raises(ConfigError, match=r"at most \$2.*test is not known.*price = "):
            await reviewer.review(desk(cost=2.0))
        assert llm.asked == []
        at = desk()
        await reviewer.review(at)
        await reviewer.aclose()
    assert at.finished
    assert {turn.cost for turn in at.turns} == {None}


async def test_what_the_host_notes_reaches_the_model(provider: Provider) -> None:
    at = desk(turns=1)
    async with fake_meta_llm(REVIEW) as llm:
        with pytest.raises(LimitReached):
            await provider.review(at, llm)
        again = at.reopened()
        again.budget = ReviewBudget()
        again.note("Most of the budget is spent.")
        await provider.review(again, llm)
    assert again.finished
    assert llm.asked[1].told == (at.brief, "Most of the budget is spent.")
    assert llm.asked[1].answers == ("scaffold.toml", 'name = "toy"\n')


def test_no_sdk_is_imported_before_the_first_turn() -> None:
    code = (
        "import sys\n"
        "from automem_meta.providers import anthropic, claude_code, openai, openai_chat\n"
        "sys.exit(str({'anthropic', 'openai', 'httpx2', 'claude_agent_sdk'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "set()\n"
