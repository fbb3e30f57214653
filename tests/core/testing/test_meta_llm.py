"""Fake meta-LLMs refuse what the real ones refuse, and say what goes wrong as these do."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from automem.testing.meta_anthropic import AnthropicWire
from automem.testing.meta_chat import ChatWire
from automem.testing.meta_desk import MemoryDesk
from automem.testing.meta_responses import ResponsesWire
from automem.testing.meta_script import MetaFault, Refused, ScriptedCall, ScriptedTurn
from automem.testing.meta_server import fake_meta_llm

pytestmark = pytest.mark.anyio
USER = {"role": "user", "content": "Go."}
USE = {"type": "tool_use", "id": "t1", "name": "list", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "a"}
MARKED = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
MESSAGES: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": [USER]}
RESPONSES: dict[str, Any] = {"model": "m", "store": False, "input": [USER]}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "list", "arguments": ""}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "a"}


def said(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [USER, *messages]}


def assistant(*content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def user(*content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"temperature": 1.0}, "`temperature` is not supported"),
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"system": [MARKED] * 5}, "maximum of 4 blocks"),
        ({"messages": []}, "prefill"),
        (said(assistant({"type": "text", "text": "I"})), "prefill"),
        (said(assistant(USE), user(MARKED)), r"without `tool_result` blocks"),
        (said(user(RESULT)), r"without `tool_result` blocks"),
        (said(user()), "non-empty content"),
        (said(user({"type": "text", "text": " "})), "text content blocks must be non-empty"),
        (said(assistant({**USE, "input": "x"}), user(RESULT)), "valid dictionary"),
        (
            said(assistant({"type": "thinking", "thinking": "", "signature": "s"}), USER),
            "Invalid `signature`",
        ),
    ],
)
def test_the_messages_api_refuses(change: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        AnthropicWire().read({**MESSAGES, **change}, {}, 1)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"store": True}, "stores nothing"),
        ({"input": [USER, CALL]}, "No tool output found for function call c1"),
        ({"input": [USER, OUTPUT]}, "No tool call found"),
        ({"input": [USER, {"type": "reasoning", "id": "r"}]}, "not persisted"),
        ({"input": [USER, CALL, OUTPUT]}, "without its required 'reasoning' item: 'rs_1'"),
    ],
)
def test_the_responses_api_refuses(change: dict[str, Any], why: str) -> None:
    wire = ResponsesWire(reasoned={"fc_1": "rs_1"})
    with pytest.raises(Refused, match=why):
        wire.read({**RESPONSES, **change}, {}, 1)


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([{"role": "tool", "tool_call_id": "x", "content": ""}], "must be a response"),
        ([{"role": "assistant", "tool_calls": [{"id": "x"}]}, USER], "did not have response"),
        ([{"role": "assistant", "content": None}], "needs content or tool_calls"),
    ],
)
def test_a_chat_endpoint_refuses(messages: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(Refused, match=why):
        ChatWire().read({"model": "m", "messages": messages}, {}, 1)


async def post(port: int, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
    """The status and all that comes until the server is done."""
    raw = msgspec.json.encode(body)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {path} HTTP/1.1\r\nContent-Length: {len(raw)}\r\n\r\n"
    writer.write(head.encode() + raw)
    first, _, rest = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
    fields = dict(line.split(b": ", 1) for line in rest.strip().split(b"\r\n"))
    answer = await reader.read(int(fields[b"Content-Length"]))
    writer.close()
    await writer.wait_closed()
    return int(first.split(b" ")[1]), answer


async def test_a_whole_answer_is_given_where_no_stream_is_asked_for() -> None:
    call = ScriptedCall(name="list")
    tools = [{"name": "mcp__desk__list"}]
    async with fake_meta_llm([ScriptedTurn(text="I look.", calls=(call,))]) as llm:
        status, raw = await post(llm.port, "/v1/messages", {**MESSAGES, "tools": tools})
    answer = msgspec.json.decode(raw)
    assert status == 200
    assert [block["type"] for block in answer["content"]] == ["text", "tool_use"]
    assert answer["content"][1]["name"] == "mcp__desk__list"
    assert answer["stop_reason"] == "tool_use"


async def test_questions_an_agent_asks_for_itself_do_not_use_up_the_script() -> None:
    async with fake_meta_llm([]) as llm:
        status, _ = await post(llm.port, "/v1/messages", MESSAGES)
        counted, raw = await post(llm.port, "/v1/messages/count_tokens", MESSAGES)
        missing, _ = await post(llm.port, "/v1/nothing", {})
    assert (status, counted, missing) == (200, 200, 404)
    assert msgspec.json.decode(raw)["input_tokens"] > 0
    assert (llm.side_questions, llm.asked) == (1, [])


async def test_a_wrong_key_and_a_wrong_request_never_reach_the_model() -> None:
    async with fake_meta_llm([ScriptedTurn(text="Hm.")], key="right") as llm:
        wrong_key, _ = await post(llm.port, "/v1/responses", RESPONSES)
        wrong_form, raw = await post(llm.port, "/v1/responses", {**RESPONSES, "store": True})
    assert (wrong_key, wrong_form) == (401, 400)
    assert b"stores nothing" in raw
    assert len(llm.refused) == 1
    assert llm.asked == []


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/chat/completions"])
async def test_each_fault_has_its_wire_form(path: str) -> None:
    body = {**RESPONSES, "messages": [USER]}
    faults = [
        MetaFault(kind="status", status=429),
        MetaFault(kind="overflow"),
        MetaFault(kind="overloaded"),
    ]
    async with fake_meta_llm(faults) as llm:
        answers = [await post(llm.port, path, body) for _ in faults]
    assert [status for status, _ in answers] == [429, 400, 200]
    assert b"rate_limit_exceeded" in answers[0][1]
    assert b"context_length_exceeded" in answers[1][1]
    assert b"overloaded" in answers[2][1]


async def test_a_hung_up_answer_ends_in_its_middle() -> None:
    tools = [{"name": "list"}]
    body = {**MESSAGES, "tools": tools, "stream": True}
    async with fake_meta_llm([MetaFault(kind="cut"), MetaFault(kind="overloaded")]) as llm:
        _, cut = await post(llm.port, "/v1/messages", body)
        _, ended = await post(llm.port, "/v1/messages", body)
    assert b"message_start" in cut
    assert b"message_stop" not in cut
    assert b"event: error" in ended


def test_a_desk_that_was_left_is_found_as_it_was() -> None:
    desk = MemoryDesk(files={"a": "b"})
    desk.note("Go on.")
    again = desk.reopened()
    assert again.events == desk.events
    again.note("More.")
    assert len(again.events) == len(desk.events) + 1
