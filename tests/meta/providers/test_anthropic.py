"""What is particular to the Messages API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from automem.errors import ConfigError, MetaError
from automem.records.review import ReviewBudget
from automem.testing.meta_desk import MemoryDesk
from automem.testing.meta_script import Asked, MetaAnswer, MetaFault, ScriptedCall, ScriptedTurn
from automem.testing.meta_server import FakeMetaLLM, fake_meta_llm
from automem_meta.providers.anthropic import AnthropicOptions, make_provider

from .conftest import KEY
from .test_reviews import FILES, REVIEW, desk

pytestmark = pytest.mark.anyio
ENVIRON = {"ANTHROPIC_API_KEY": KEY}


async def review(
    at: MemoryDesk, llm: FakeMetaLLM, model: str = "claude-test", **options: Any
) -> None:
    given = AnthropicOptions(base_url=llm.anthropic_url, **options)
    reviewer = make_provider(model, given, ENVIRON)
    try:
        await reviewer.review(at)
    finally:
        await reviewer.aclose()


def marks(body: Mapping[str, Any]) -> list[str]:
    found = [f"tool {tool['name']}" for tool in body["tools"] if "cache_control" in tool]
    found += ["system" for block in body["system"] if "cache_control" in block]
    for number, message in enumerate(body["messages"]):
        found += [f"message {number}" for b in message["content"] if "cache_control" in b]
    return found


async def test_breakpoints_stand_on_what_is_constant_and_on_the_last_two_messages() -> None:
    async with fake_meta_llm(REVIEW) as llm:
        await review(desk(), llm)
    assert [marks(asked.body) for asked in llm.asked] == [
        ["tool finish", "system", "message 0"],
        ["tool finish", "system", "message 0", "message 2"],
        ["tool finish", "system", "message 2", "message 4"],
    ]


async def test_what_was_written_to_the_cache_is_read_with_the_next_turn_and_priced() -> None:
    at = desk(cost=1.0)
    async with fake_meta_llm(REVIEW) as llm:
        await review(at, llm, "claude-sonnet-5-5")
    first, second, _ = at.turns
    assert first.cache_written_tokens == first.usage.input_tokens > 0
    assert second.usage.cached_tokens == first.usage.input_tokens
    assert second.usage.input_tokens == second.usage.cached_tokens + second.cache_written_tokens
    dollars = 2.50 * second.cache_written_tokens + 0.10 * second.usage.cached_tokens
    dollars += 10.0 * second.usage.output_tokens
    assert second.cost == pytest.approx(dollars / 1e6)


async def test_no_sampling_parameter_is_sent_and_answers_are_streamed() -> None:
    async with fake_meta_llm(REVIEW) as llm:
        await review(desk(), llm, effort="high", max_tokens=1234)
    body = llm.asked[0].body
    assert not {"temperature", "top_p", "top_k"} & set(body)
    assert body["stream"] is True
    assert body["max_tokens"] == 1234
    assert body["output_config"] == {"effort": "high"}


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({}, {"type": "adaptive"}),
        ({"thinking": "between_tools"}, {"type": "between_tools"}),
        ({"thinking": "disabled"}, {"type": "disabled"}),
        ({"thinking": "default"}, None),
        ({"thinking_tokens": 4096}, {"type": "enabled", "budget_tokens": 4096}),
    ],
)
async def test_thinking_is_as_it_is_wished(options: dict[str, Any], sent: object) -> None:
    async with fake_meta_llm(REVIEW) as llm:
        await review(desk(), llm, **options)
    assert llm.asked[0].body.get("thinking") == sent


async def test_a_model_without_adaptive_thinking_is_asked_without_it() -> None:
    at = desk()

    def answer(asked: Asked) -> MetaAnswer:
        if "thinking" in asked.body:
            said = "adaptive thinking is not supported on this model"
            return MetaFault(kind="status", status=400, message=said)
        return REVIEW[asked.turns]

    async with fake_meta_llm(answer) as llm:
        await review(at, llm)
    assert at.finished
    assert ["thinking" in asked.body for asked in llm.asked] == [True, False, False, False]


async def test_a_wish_for_thinking_that_is_refused_is_said() -> None:
    said = "adaptive thinking is not supported on this model"
    async with fake_meta_llm([MetaFault(kind="status", status=400, message=said)]) as llm:
        with pytest.raises(MetaError, match="adaptive thinking is not supported"):
            await review(desk(), llm, thinking="adaptive")


async def test_thoughts_go_back_signed_and_in_their_place() -> None:
    at = desk()
    async with fake_meta_llm(REVIEW) as llm:
        await review(at, llm)
    blocks = llm.asked[1].body["messages"][1]["content"]
    assert [block["type"] for block in blocks] == ["thinking", "text", "tool_use", "tool_use"]
    assert blocks[0]["thinking"] == "What is there?"
    assert llm.refused == []
    signature = blocks[0]["signature"]
    assert len(signature) == 64
    assert signature.encode() not in bytes(at.turns[0].raw)


async def test_thoughts_from_before_a_shortening_are_left_out_and_later_ones_kept() -> None:
    page = "x" * 5000
    read = ScriptedCall(name="read", arguments={"path": "trace.txt"})
    before = ScriptedTurn(thinking="Before.", calls=(read,))
    after = ScriptedTurn(thinking="After.", calls=(read,))
    at = MemoryDesk(files={**FILES, "trace.txt": page}, budget=ReviewBudget())
    script = (before, before, MetaFault(kind="overflow"), after, *REVIEW)
    async with fake_meta_llm(script) as llm:
        await review(at, llm)
    assert at.finished
    assert llm.refused == []
    sent = str(llm.asked[4].body["messages"])
    assert "Before." not in sent
    assert "After." in sent


async def test_a_thought_that_was_cut_off_is_not_sent_back() -> None:
    at = desk()
    cut = ScriptedTurn(thinking="So many words", end="length")
    async with fake_meta_llm((cut, *REVIEW)) as llm:
        await review(at, llm)
    assert at.finished
    assert [message["role"] for message in llm.asked[1].body["messages"]] == ["user"]


async def test_a_failed_tool_is_marked() -> None:
    wrong = ScriptedTurn(calls=(ScriptedCall(name="read", arguments={"path": "none"}),))
    async with fake_meta_llm((wrong, *REVIEW)) as llm:
        await review(desk(), llm)
    result = llm.asked[1].body["messages"][2]["content"][0]
    assert (result["content"], result["is_error"]) == ("there is no none", True)


def test_a_key_that_is_missing_or_broken_is_said_without_saying_it() -> None:
    options = AnthropicOptions(api_key_env="MY_KEY")
    with pytest.raises(ConfigError, match=r"MY_KEY, which is not set.*api_key_env"):
        make_provider("claude-test", options, ENVIRON)
    with pytest.raises(ConfigError, match="MY_KEY holds a line break") as caught:
        make_provider("claude-test", options, {"MY_KEY": "two\nlines"})
    assert "two" not in str(caught.value)


@pytest.mark.parametrize("model", [None, ""])
def test_a_model_has_to_be_named(model: str | None) -> None:
    with pytest.raises(ConfigError, match="anthropic needs `model`"):
        make_provider(model, AnthropicOptions(), ENVIRON)


def test_a_provider_s_text_form_holds_no_key() -> None:
    assert KEY not in repr(make_provider("claude-test", AnthropicOptions(), ENVIRON))


async def test_variables_of_the_sdk_do_not_lead_a_key_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-another-0123456789")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "another")
    at = desk()
    async with fake_meta_llm(REVIEW, key=KEY) as llm:
        await review(at, llm)
    assert at.finished
