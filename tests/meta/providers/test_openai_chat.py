"""What is particular to chat endpoints: engines of one's own, with and without tool calls."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from automem.errors import ConfigError, MetaError
from automem.records.review import ReviewBudget
from automem.testing.http import Connection, HttpRequest, listening
from automem.testing.meta_desk import MemoryDesk
from automem.testing.meta_script import ScriptedTurn
from automem.testing.meta_server import fake_meta_llm
from automem_meta.providers.openai_chat import OpenAIChatOptions, make_provider

from .test_reviews import FILES, REVIEW, desk

pytestmark = pytest.mark.anyio


async def review(at: MemoryDesk, url: str, **options: Any) -> None:
    reviewer = make_provider("local", OpenAIChatOptions(base_url=url, **options), {})
    try:
        await reviewer.review(at)
    finally:
        await reviewer.aclose()


def fenced(*calls: str, words: str = "") -> ScriptedTurn:
    blocks = [f"```tool\n{call}\n```" for call in calls]
    return ScriptedTurn(text="\n\n".join([words, *blocks]))


TEXT_REVIEW = (
    fenced(
        '{"name": "list"}',
        '{"name": "read", "arguments": {"path": "scaffold.toml"}}',
        words="First I look.",
    ),
    fenced('{"name": "write", "arguments": {"path": "analysis.md", "text": "a\\n```\\nb"}}'),
    fenced('{"name": "finish", "arguments": {}}'),
)


async def test_an_engine_without_tool_calls_makes_them_in_its_text() -> None:
    at = desk()
    async with fake_meta_llm(TEXT_REVIEW) as llm:
        await review(at, llm.openai_url, tools="text")
    assert at.finished
    assert [name for name, _ in at.answers] == ["list", "read", "write", "finish"]
    assert at.files["analysis.md"] == "a\n```\nb"
    first, second, _ = llm.asked
    assert "tools" not in first.body
    assert '"required":["path","text"]' in first.instructions
    assert second.told[-1] == (
        'Answer of `list`:\n\nscaffold.toml\n\nAnswer of `read`:\n\nname = "toy"\n'
    )


@pytest.mark.parametrize(
    "block",
    [
        "{name: read}",
        '{"name": "read", "arguments": "x"}',
        '["read"]',
        '{"name": "read", "args": 1}',
    ],
)
async def test_a_block_that_is_no_call_is_answered_so(block: str) -> None:
    at = desk()
    async with fake_meta_llm((fenced(block), *TEXT_REVIEW)) as llm:
        await review(at, llm.openai_url, tools="text")
    assert at.finished
    assert at.answers[0][1] == f"the arguments are no JSON object: {block}"
    assert "(it failed)" in llm.asked[1].told[-1]


async def test_a_block_that_was_cut_off_is_no_call() -> None:
    at = desk()
    cut = ScriptedTurn(text='```tool\n{"name": "write", "argum', end="length")
    async with fake_meta_llm((cut, *TEXT_REVIEW)) as llm:
        await review(at, llm.openai_url, tools="text")
    assert at.finished
    assert at.answers[0] == ("write", 'the arguments are no JSON object: {"name": "write", "argum')
    assert "was cut off" in llm.asked[1].told[-1]


async def test_the_speakers_take_turns_whatever_the_host_notes() -> None:
    at = MemoryDesk(files=dict(FILES), budget=ReviewBudget(turns=9))
    at.note("A warning.")
    async with fake_meta_llm((ScriptedTurn(text="Hm."), *TEXT_REVIEW)) as llm:
        await review(at, llm.openai_url, tools="text")
    for asked in llm.asked:
        roles = [message["role"] for message in asked.body["messages"]]
        assert roles == ["system", *["user", "assistant"] * ((len(roles) - 1) // 2), "user"]


async def test_further_fields_and_limits_are_sent() -> None:
    async with fake_meta_llm(REVIEW) as llm:
        await review(
            desk(),
            llm.openai_url,
            max_tokens=77,
            max_tokens_field="max_completion_tokens",
            temperature=0.5,
            extra_body={"chat_template_kwargs": {"enable_thinking": True}},
        )
    body = llm.asked[0].body
    assert (body["max_completion_tokens"], body["temperature"]) == (77, 0.5)
    assert body["chat_template_kwargs"] == {"enable_thinking": True}
    assert llm.asked[0].key == "none"


def completion(*calls: dict[str, Any], **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": None, "tool_calls": list(calls), **message}
    return {"choices": [{"index": 0, "message": said, "finish_reason": "tool_calls"}]}


def call(name: str, arguments: Any, call_id: Any = "call_0") -> dict[str, Any]:
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


async def answered(
    at: MemoryDesk, *answers: dict[str, Any], **options: Any
) -> list[dict[str, Any]]:
    """A review by a server that answers just this; the bodies it was sent."""
    sent: list[dict[str, Any]] = []

    def handle(connection: Connection, request: HttpRequest) -> None:
        sent.append(msgspec.json.decode(request.raw))
        connection.send_json(200, answers[min(len(sent), len(answers)) - 1])

    async with listening(handle) as port:
        await review(at, f"http://127.0.0.1:{port}/v1", **options)
    return sent


async def test_an_engine_that_gives_every_call_one_id_is_understood() -> None:
    at = desk()
    write = call("write", '{"path": "analysis.md", "text": "x"}')
    sent = await answered(
        at, completion(call("list", "{}"), write), completion(call("finish", "", None))
    )
    assert at.finished
    assert [text for _, text in at.answers] == ["scaffold.toml", "analysis.md written", "done"]
    tools = [message for message in sent[1]["messages"] if message["role"] == "tool"]
    assert [message["tool_call_id"] for message in tools] == ["call_0", "call-1-2"]
    assert {turn.usage.input_tokens for turn in at.turns} == {0}


async def test_an_error_within_a_good_answer_is_one() -> None:
    error = {"error": {"message": "This model's maximum context length is 8192", "code": 400}}
    with pytest.raises(MetaError, match="does not fit into the context"):
        await answered(desk(), error, retries=0)


@pytest.mark.parametrize("answer", [{}, {"choices": []}, {"error": "busy"}])
async def test_an_answer_that_is_none_is_asked_for_again(answer: dict[str, Any]) -> None:
    with pytest.raises(MetaError, match="1 try"):
        await answered(desk(), answer, retries=0)


def test_a_key_is_wanted_only_where_one_is_named() -> None:
    options = OpenAIChatOptions(base_url="http://127.0.0.1:1/v1", api_key_env="MY_KEY")
    with pytest.raises(ConfigError, match="MY_KEY, which is not set"):
        make_provider("local", options, {})
