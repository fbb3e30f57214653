"""The OpenAI Responses API as a fake meta-LLM speaks it: streamed items, kept reasoning.

It refuses what the real one refuses: an output without its call, a call without its output, and
a call whose reasoning was left out. Nothing is stored: `store` must be false.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from automem.testing.meta_script import (
    Asked,
    FakeUsage,
    MetaFault,
    Refused,
    ScriptedTurn,
    output_tokens,
    pieces,
)
from automem.testing.scripted import count_tokens

Item = dict[str, Any]
_CODES = {
    400: "invalid_request_error",
    401: "invalid_api_key",
    404: "model_not_found",
    429: "rate_limit_exceeded",
}


@dataclass(slots=True)
class ResponsesWire:
    """The API of one server: what it has cached, and how it reads and writes."""

    cached: set[str] = field(default_factory=set[str])
    """Hashes of the prefixes it has seen; this API caches by itself."""
    reasoned: dict[str, str] = field(default_factory=dict[str, str])
    """The reasoning that belongs to a call, by their ids."""

    def read(self, body: dict[str, Any], headers: Mapping[str, str], number: int) -> Asked:
        """A request in plain words. Raises Refused."""
        items = cast("list[Item]", body["input"])
        _refuse(body, items, self.reasoned)
        return Asked(
            api="openai",
            number=number,
            turns=_turns(items),
            model=body["model"],
            instructions=body.get("instructions") or "",
            told=tuple(item["content"] for item in items if item.get("role") == "user"),
            answers=tuple(item["output"] for item in _after_last_turn(items)),
            tools=tuple(tool["name"] for tool in body.get("tools", [])),
            key=headers.get("authorization", "").removeprefix("Bearer "),
            body=body,
        )

    def usage(self, body: dict[str, Any], turn: ScriptedTurn) -> FakeUsage:
        """Tokens; the longest prefix of items that came before is cached."""
        digest = hashlib.sha256()
        read = total = 0
        for part in [body.get("instructions"), body.get("tools"), *body["input"]]:
            raw = msgspec.json.encode(part, order="sorted")
            total += count_tokens(raw.decode())
            digest.update(raw)
            if digest.hexdigest() in self.cached:
                read = total
            self.cached.add(digest.hexdigest())
        return FakeUsage(fresh=total - read, cached=read, output=output_tokens(turn))

    def write(
        self, asked: Asked, turn: ScriptedTurn, usage: FakeUsage, *, overloaded: bool = False
    ) -> tuple[str, bytes]:
        """The content type and the bytes of an answer."""
        events: list[dict[str, Any]] = []
        items = _items(asked, turn)
        if turn.thinking:
            self.reasoned |= {item["id"]: items[0]["id"] for item in items[1:]}
        whole = _response(asked, turn, items, usage)
        begun: dict[str, Any] = {**whole, "status": "in_progress", "output": [], "usage": None}
        events.append({"type": "response.created", "response": begun})
        for index, item in enumerate(items):
            events += _item_events(index, item)
        if overloaded:
            error = {"code": "server_error", "message": "The server is overloaded"}
            failed: dict[str, Any] = {**begun, "status": "failed", "error": error}
            events.append({"type": "response.failed", "response": failed})
        else:
            events.append({"type": f"response.{whole['status']}", "response": whole})
        return "text/event-stream", _sse(events)

    def failure(self, fault: MetaFault) -> tuple[int, bytes]:
        """The status and body of an error."""
        return error_of(fault)


def error_of(fault: MetaFault) -> tuple[int, bytes]:
    """An error as both OpenAI APIs spell it."""
    status, message = fault.status, fault.message
    code = fault.code or _CODES.get(status, "server_error")
    if fault.kind == "overflow":
        status, code = 400, "context_length_exceeded"
        message = "Your input exceeds the context window of this model."
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return status, msgspec.json.encode({"error": error})


def _sse(events: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(
        f"event: {event['type']}\ndata: ".encode()
        + msgspec.json.encode({**event, "sequence_number": number})
        + b"\n\n"
        for number, event in enumerate(events)
    )


def _items(asked: Asked, turn: ScriptedTurn) -> list[Item]:
    number = asked.number
    items: list[Item] = []
    if turn.thinking:
        items.append(
            {
                "type": "reasoning",
                "id": f"rs_{number}",
                "summary": [{"type": "summary_text", "text": turn.thinking}],
                "encrypted_content": f"sealed-{number}",
            }
        )
    if turn.text:
        part: Item = {"type": "output_text", "text": turn.text, "annotations": []}
        if turn.ending == "refusal":
            part = {"type": "refusal", "refusal": turn.text}
        items.append(
            {
                "type": "message",
                "id": f"msg_{number}",
                "role": "assistant",
                "status": "completed",
                "content": [part],
            }
        )
    for at, call in enumerate(turn.calls, start=1):
        items.append(
            {
                "type": "function_call",
                "id": f"fc_{number}_{at}",
                "call_id": f"call_{number}_{at}",
                "name": call.name,
                "arguments": call.malformed or msgspec.json.encode(call.arguments).decode(),
                "status": "completed",
            }
        )
    return items


def _item_events(index: int, item: Item) -> list[dict[str, Any]]:
    at = {"output_index": index, "item_id": item["id"]}
    added = {"type": "response.output_item.added", "output_index": index}
    done = {"type": "response.output_item.done", "output_index": index, "item": item}
    match item["type"]:
        case "function_call":
            start = {**added, "item": {**item, "arguments": "", "status": "in_progress"}}
            name = "response.function_call_arguments"
            deltas = [
                {"type": f"{name}.delta", **at, "delta": part} for part in pieces(item["arguments"])
            ]
            finished = {"type": f"{name}.done", **at, "arguments": item["arguments"]}
            return [start, *deltas, finished, done]
        case "message" if "text" in item["content"][0]:
            where = {**at, "content_index": 0, "logprobs": list[Any]()}
            text = item["content"][0]["text"]
            deltas = [
                {"type": "response.output_text.delta", **where, "delta": part}
                for part in pieces(text)
            ]
            return [{**added, "item": {**item, "content": []}}, *deltas, done]
        case _:
            return [{**added, "item": item}, done]


def _response(
    asked: Asked, turn: ScriptedTurn, items: list[Item], usage: FakeUsage
) -> dict[str, Any]:
    was_cut = turn.ending == "length"
    given = usage.fresh + usage.cached + usage.written
    return {
        "id": f"resp_{asked.number}",
        "object": "response",
        "created_at": 0,
        "model": asked.model,
        "status": "incomplete" if was_cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if was_cut else None,
        "error": None,
        "output": items,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": given,
            "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": 0},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": given + usage.output,
        },
    }


def _after_last_turn(items: Sequence[Item]) -> list[Item]:
    """Outputs that came after the model spoke last."""
    outputs: list[Item] = []
    for item in items:
        if item.get("type") == "function_call_output":
            outputs.append(item)
        elif _is_own(item):
            outputs = []
    return outputs


def _turns(items: Sequence[Item]) -> int:
    """How often the model begins to speak."""
    spoke = [_is_own(item) for item in items]
    return sum(now and not before for before, now in zip([False, *spoke], spoke, strict=False))


def _is_own(item: Item) -> bool:
    return item.get("type") in ("reasoning", "function_call") or item.get("role") == "assistant"


def _refuse(body: dict[str, Any], items: Sequence[Item], reasoned: Mapping[str, str]) -> None:
    if body.get("store") is not False:
        raise Refused("this fake stores nothing: send store=false")
    calls = {item["call_id"] for item in items if item.get("type") == "function_call"}
    outputs = {item["call_id"] for item in items if item.get("type") == "function_call_output"}
    if missing := sorted(calls - outputs):
        raise Refused(f"No tool output found for function call {missing[0]}.")
    if unknown := sorted(outputs - calls):
        raise Refused(f"No tool call found for function call output with call_id {unknown[0]}.")
    kept = {item["id"] for item in items if item.get("type") == "reasoning"}
    for item in items:
        if item.get("type") == "reasoning" and not item.get("encrypted_content"):
            raise Refused(f"Item '{item['id']}' not found: items are not persisted.")
        needed = reasoned.get(item.get("id", ""))
        if item.get("type") == "function_call" and needed is not None and needed not in kept:
            raise Refused(
                f"Item '{item['id']}' of type 'function_call' was provided without its required "
                f"'reasoning' item: '{needed}'."
            )
