"""Claude Code between its own loop and the desk; the program itself is tried with `server`."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from automem.errors import ConfigError, LimitReached, MetaError, PluginError
from automem.records.review import ReviewBudget
from automem.testing.meta_desk import MemoryDesk
from automem.testing.meta_script import ScriptedTurn
from automem_meta.providers.claude_code import ClaudeCode, ClaudeCodeOptions, make_provider

from .agent import Call, FakeSDK, ResultMessage, SystemMessage, ToolResultBlock, UserMessage
from .conftest import KEY
from .test_reviews import FILES, FINISH, READ, REVIEW, WRITE, desk

pytestmark = pytest.mark.anyio
READING = Call("read", {"path": "scaffold.toml"})
WRITING = Call("write", dict(WRITE.arguments))
STEPS = (REVIEW[0], Call("list"), READING, REVIEW[1], WRITING, REVIEW[2], Call("finish"))


def agent(sdk: FakeSDK, **options: Any) -> ClaudeCode:
    environ = {"ANTHROPIC_API_KEY": KEY, "OTHER_TOKEN": "other", "PATH": "/bin"}
    provider = make_provider("claude-sonnet-5-5", ClaudeCodeOptions(**options), environ)
    provider.sdk, provider.program = sdk, "/bin/true"
    return provider


async def test_the_agent_s_turns_and_calls_are_in_the_transcript() -> None:
    at, sdk = desk(cost=3.0), FakeSDK(STEPS)
    provider = agent(sdk)
    await provider.review(at)
    await provider.aclose()
    assert at.finished
    assert [name for name, _ in at.answers] == ["list", "read", "write", "finish"]
    assert [turn.text for turn in at.turns] == ["First I look.", "", "That is all."]
    assert all(turn.cost and turn.cost > 0 for turn in at.turns)
    assert [call.name for call in at.turns[0].calls] == ["list", "read"]
    assert sdk.queries == [at.brief]


async def test_the_agent_gets_our_tools_and_nothing_else() -> None:
    sdk = FakeSDK(STEPS)
    await agent(sdk, base_url="http://127.0.0.1:9").review(desk(turns=50, cost=3.0))
    options = sdk.options
    assert options["tools"] == []
    assert options["allowed_tools"] == [
        "mcp__review__list",
        "mcp__review__read",
        "mcp__review__write",
        "mcp__review__finish",
    ]
    assert options["strict_mcp_config"] is True
    assert options["setting_sources"] == []
    assert options["permission_mode"] == "dontAsk"
    assert (options["max_turns"], options["max_budget_usd"]) == (50, 3.0)
    assert options["system_prompt"] == "You improve what is in these files."


async def test_the_program_gets_one_key_and_an_empty_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-it-0123456789")
    sdk = FakeSDK(STEPS)
    await agent(sdk).review(desk())
    environment = sdk.options["env"]
    assert environment["ANTHROPIC_API_KEY"] == KEY
    assert environment["OPENAI_API_KEY"] == environment["OTHER_TOKEN"] == ""
    assert "PATH" not in environment
    home = environment["HOME"]
    assert {home} == {environment["CLAUDE_CONFIG_DIR"], environment["TMPDIR"], sdk.options["cwd"]}
    assert not await anyio.Path(home).exists()
    others = {name: value for name, value in environment.items() if name != "ANTHROPIC_API_KEY"}
    assert KEY not in str({**sdk.options, "env": others})


async def test_after_the_last_call_the_agent_is_interrupted_before_it_asks_again() -> None:
    sdk = FakeSDK((*STEPS, ScriptedTurn(text="One more.")))
    at = desk()
    await agent(sdk).review(at)
    assert (sdk.interrupted, sdk.disconnected) == (1, 1)
    assert len(sdk.answers) == 3
    assert at.turns[-1].text == "That is all."


async def test_the_budget_s_end_stops_the_agent() -> None:
    sdk = FakeSDK(STEPS)
    with pytest.raises(LimitReached, match="2 tools"):
        await agent(sdk).review(desk(tool_calls=2))
    assert (sdk.interrupted, sdk.disconnected) == (1, 1)


async def test_what_the_desk_says_of_the_budget_comes_with_the_last_answer_of_a_turn() -> None:
    class Telling(MemoryDesk):
        def allow(self) -> str:
            return "Most is spent."

    sdk = FakeSDK(STEPS)
    await agent(sdk).review(Telling(files=dict(FILES)))
    said = [answer["content"][0]["text"] for answer in sdk.answers]
    assert said == [
        "scaffold.toml",
        'name = "toy"\n\n\nMost is spent.',
        "analysis.md written\n\nMost is spent.",
    ]


async def test_what_the_agent_answers_itself_is_noted() -> None:
    wrong = ScriptedTurn(calls=(READ, FINISH))
    refused = UserMessage([ToolResultBlock("toolu_1_2", "no such tool", is_error=True)])
    at = desk()
    sdk = FakeSDK((refused, wrong, READING, UserMessage("told"), *STEPS))
    await agent(sdk).review(at)
    assert at.finished
    assert at.notes == ["Claude Code itself answered finish: no such tool"]


async def test_arguments_that_the_agent_tidied_up_are_answered_all_the_same() -> None:
    turn = ScriptedTurn(calls=(READ,))
    at = desk()
    await agent(FakeSDK((turn, Call("read", {"path": "tidy"}), *STEPS))).review(at)
    assert at.answers[0] == ("read", 'name = "toy"\n')


async def test_an_agent_that_ends_without_finishing_is_asked_to_go_on() -> None:
    idle = (ScriptedTurn(text="Hm."), ResultMessage())
    at, sdk = desk(), FakeSDK((*idle, *STEPS))
    await agent(sdk).review(at)
    assert at.finished
    assert sdk.queries == [at.brief, at.notes[0]]
    given_up, other = FakeSDK(idle * 9), desk()
    await agent(given_up).review(other)
    assert not other.finished
    assert len(given_up.queries) == 4


async def test_a_review_that_is_finished_or_refused_starts_no_agent() -> None:
    at = desk()
    await agent(FakeSDK(STEPS)).review(at)
    no = desk()
    refusal = (ScriptedTurn(text="No.", end="refusal"), ResultMessage())
    await agent(FakeSDK(refusal)).review(no)
    for done in (at, no):
        sdk = FakeSDK(STEPS)
        await agent(sdk).review(done.reopened())
        assert sdk.queries == []
    assert no.turns[-1].end == "refusal"


async def test_an_agent_that_goes_on_is_told_what_it_did() -> None:
    at = desk()
    with pytest.raises(MetaError, match=r"broke off: gone; the review is kept"):
        sdk = FakeSDK((*STEPS[:5], FakeSDK(()).ClaudeSDKError("gone")))
        await agent(sdk).review(at)
    assert sdk.disconnected == 1
    again = at.reopened()
    other = FakeSDK(STEPS[5:])
    await agent(other, price=(1.0, 1.0, 1.0)).review(again)
    assert again.finished
    (told,) = other.queries
    assert told.startswith(at.brief)
    assert "You said: First I look." in told
    assert 'You called `read` with {"path":"scaffold.toml"}. It answered:' in told
    assert len(again.turns) == 3


async def test_calls_that_were_open_are_answered_before_the_agent_starts_again() -> None:
    at = desk()
    with pytest.raises(MetaError):
        await agent(FakeSDK((REVIEW[0], FakeSDK(()).ClaudeSDKError("gone")))).review(at)
    assert at.answers == []
    again = at.reopened()
    await agent(FakeSDK(STEPS[3:])).review(again)
    assert [name for name, _ in again.answers] == ["list", "read", "write", "finish"]


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (ResultMessage(is_error=True, result="Overloaded", api_error_status=529), r"529\): Over"),
        (ResultMessage(subtype="error_during_execution", is_error=True, errors=["a", "b"]), "a; b"),
        (ResultMessage(subtype="strange", is_error=True, result=f"bad key {KEY}"), r"bad key \*"),
    ],
)
async def test_a_failure_of_the_program_is_said_without_the_key(
    result: ResultMessage, said: str
) -> None:
    with pytest.raises(MetaError, match=said):
        await agent(FakeSDK([result])).review(desk())


async def test_the_agent_s_own_limits_end_the_review() -> None:
    at = desk()
    await agent(FakeSDK([ResultMessage(subtype="error_max_budget_usd", is_error=True)])).review(at)
    assert at.notes == ["Claude Code stopped at its own limit: error_max_budget_usd."]


async def test_retries_and_summaries_are_visible() -> None:
    retry = SystemMessage("api_retry", {"attempt": 1, "retry_delay_ms": 500, "error_status": 529})
    at = desk()
    sdk = FakeSDK((retry, SystemMessage("compact_boundary"), SystemMessage("init"), *STEPS))
    with capture_logs() as logs:
        await agent(sdk).review(at)
        sdk.options["stderr"](f"warning: {KEY}")
    assert [log["wait_seconds"] for log in logs if log["event"] == "meta_call_failed"] == [0.5]
    assert "summarized" in at.notes[0]
    assert KEY not in str(logs)


async def test_a_program_that_does_not_start_is_said_without_the_key() -> None:
    with pytest.raises(MetaError, match=r"does not start: no program with \*\*\*"):
        await agent(FakeSDK((), fails_to_start=True)).review(desk())


async def test_a_broken_transcript_ends_the_review() -> None:
    class Full(MemoryDesk):
        async def call(self, call: object) -> Any:
            raise OSError("no space left")

    sdk = FakeSDK(STEPS)
    with pytest.raises(OSError, match="no space left"):
        await agent(sdk).review(Full(files=dict(FILES)))
    assert sdk.disconnected == 1


async def test_a_missing_package_is_said_with_the_line_that_installs_it() -> None:
    provider = agent(FakeSDK(()))
    provider.sdk = None
    with pytest.raises(PluginError, match=r"pip install 'automem-meta\[claude-code\]'"):
        await provider.review(desk())


async def test_a_missing_program_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    provider = agent(FakeSDK(()))
    provider.program = None
    with pytest.raises(PluginError, match="neither in its package nor on the PATH"):
        await provider.review(desk())


async def test_a_limit_on_money_without_a_price_refuses_to_start() -> None:
    environ = {"ANTHROPIC_API_KEY": KEY}
    provider = make_provider("claude-imaginary", ClaudeCodeOptions(), environ)
    with pytest.raises(ConfigError, match="claude-code claude-imaginary is not known"):
        await provider.review(MemoryDesk(budget=ReviewBudget(cost=1.0)))
