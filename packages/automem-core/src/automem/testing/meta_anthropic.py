"""The Anthropic Messages API as a fake meta-LLM speaks it: streams, tool calls, signed thoughts.

It refuses what the real one refuses: a call without its result, an empty text, a sampling
parameter, a fifth cache breakpoint, a thought that does not stand where it was thought.
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

_MOST_BREAKPOINTS = 4
_STOP = {"end": "end_turn", "tools": "tool_use", "length": "max_tokens", "refusal": "refusal"}
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
Block = dict[str, Any]


@dataclass(slots=True)
class AnthropicWire:
    """The API of one server: what it has cached, and how it reads and writes."""

    cached: set[str] = field(default_factory=set[str])
    """Hashes of the prefixes that were written."""

    def read(self, body: dict[str, Any], headers: Mapping[str, str], number: int) -> Asked:
        """A request in plain words. Raises Refused."""
        _refuse(body)
        messages = _messages(body)
        last = messages[-1][1]
        return Asked(
            api="anthropic",
            number=number,
            turns=sum(role == "assistant" for role, _ in messages),
            model=body["model"],
            instructions="\n".join(block.get("text", "") for block in _blocks(body.get("system"))),
            told=tuple(
                block["text"]
                for role, blocks in messages
                for block in blocks
                if role != "assistant" and block["type"] == "text"
            ),
            answers=tuple(_text(b["content"]) for b in last if b["type"] == "tool_result"),
            tools=tuple(tool["name"] for tool in body.get("tools", [])),
            key=headers.get("x-api-key")
            or headers.get("authorization", "").removeprefix("Bearer "),
            body=body,
        )

    def usage(self, body: dict[str, Any], turn: ScriptedTurn) -> FakeUsage:
        """Tokens, with the cache that breakpoints make: the longest written prefix is read."""
        read = written = total = 0
        digest = hashlib.sha256()
        marked: list[str] = []
        for raw, is_marked in _sequence(body):
            total += count_tokens(raw)
            digest.update(raw.encode())
            if digest.hexdigest() in self.cached:
                read = total
            if is_marked:
                marked.append(digest.hexdigest())
                written = total
        self.cached.update(marked)
        written = max(0, written - read)
        return FakeUsage(
            fresh=total - read - written, cached=read, written=written, output=output_tokens(turn)
        )

    def write(
        self, asked: Asked, turn: ScriptedTurn, usage: FakeUsage, *, overloaded: bool = False
    ) -> tuple[str, bytes]:
        """The content type and the bytes of an answer."""
        blocks = _content(asked, turn)
        head: dict[str, Any] = {
            "id": f"msg_{asked.number}",
            "type": "message",
            "role": "assistant",
            "model": asked.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {
                "input_tokens": usage.fresh,
                "cache_creation_input_tokens": usage.written,
                "cache_read_input_tokens": usage.cached,
                "output_tokens": 1,
            },
        }
        if not asked.body.get("stream"):
            whole = [final for final, _ in blocks]
            tokens = {**head["usage"], "output_tokens": usage.output}
            head |= {"content": whole, "stop_reason": _STOP[turn.ending], "usage": tokens}
            return "application/json", msgspec.json.encode(head)
        events: list[dict[str, Any]] = [{"type": "message_start", "message": head}]
        for index, (final, deltas) in enumerate(blocks):
            begun = _begun(final)
            events.append({"type": "content_block_start", "index": index, "content_block": begun})
            events += [
                {"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas
            ]
            events.append({"type": "content_block_stop", "index": index})
        if overloaded:
            error = {"type": "overloaded_error", "message": "Overloaded"}
            return "text/event-stream", _sse([*events[:-1], {"type": "error", "error": error}])
        ended = {"stop_reason": _STOP[turn.ending], "stop_sequence": None}
        tokens = {"output_tokens": usage.output}
        events.append({"type": "message_delta", "delta": ended, "usage": tokens})
        events.append({"type": "message_stop"})
        return "text/event-stream", _sse(events)

    def failure(self, fault: MetaFault) -> tuple[int, bytes]:
        """The status and body of an error."""
        status, message = fault.status, fault.message
        if fault.kind == "overflow":
            status, message = 400, "prompt is too long: 1000001 tokens > 1000000 maximum"
        kind = fault.code or _TYPES.get(status, "api_error")
        error = {"type": "error", "error": {"type": kind, "message": message}}
        return status, msgspec.json.encode({**error, "request_id": "req_fake"})


def _sse(events: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(
        f"event: {event['type']}\ndata: ".encode() + msgspec.json.encode(event) + b"\n\n"
        for event in events
    )


def _content(asked: Asked, turn: ScriptedTurn) -> list[tuple[Block, list[Block]]]:
    """Each block as it is in the end, and the deltas that make it."""
    blocks: list[tuple[Block, list[Block]]] = []
    if turn.thinking:
        signature = _signature(asked.body, len(asked.body["messages"]))
        blocks.append(
            (
                {"type": "thinking", "thinking": turn.thinking, "signature": signature},
                [
                    *[
                        {"type": "thinking_delta", "thinking": part}
                        for part in pieces(turn.thinking)
                    ],
                    {"type": "signature_delta", "signature": signature},
                ],
            )
        )
    if turn.text:
        deltas = [{"type": "text_delta", "text": part} for part in pieces(turn.text)]
        blocks.append(({"type": "text", "text": turn.text}, deltas))
    for number, call in enumerate(turn.calls, start=1):
        name = next((tool for tool in asked.tools if tool.endswith(f"__{call.name}")), call.name)
        raw = call.malformed or msgspec.json.encode(call.arguments).decode()
        final = {
            "type": "tool_use",
            "id": f"toolu_{asked.number}_{number}",
            "name": name,
            "input": call.arguments,
        }
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in pieces(raw)]
        blocks.append((final, deltas))
    return blocks


def _begun(final: Block) -> Block:
    """A block as it starts, before its deltas."""
    empty: dict[str, Any] = {"text": "", "thinking": "", "signature": "", "input": {}}
    return {name: empty.get(name, value) for name, value in final.items()}


def _refuse(body: dict[str, Any]) -> None:
    for name in ("temperature", "top_p", "top_k"):
        if name in body:
            raise Refused(f"`{name}` is not supported for this model")
    if not body.get("max_tokens"):
        raise Refused("max_tokens: Field required")
    if sum(marked for _, marked in _sequence(body)) > _MOST_BREAKPOINTS:
        raise Refused("A maximum of 4 blocks with cache_control may be provided")
    messages = _messages(body)
    if not messages or messages[-1][0] == "assistant":
        raise Refused("This model does not support assistant message prefill")
    open_calls: set[str] = set()
    for position, (role, blocks) in enumerate(messages):
        results = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        if results != open_calls:
            raise Refused(
                f"messages.{position}: `tool_use` ids were found without `tool_result` blocks "
                f"immediately after, or the other way round: {sorted(results ^ open_calls)}"
            )
        open_calls = {block["id"] for block in blocks if block["type"] == "tool_use"}
        if not blocks:
            raise Refused(f"messages.{position}: all messages must have non-empty content")
        for block in blocks:
            _refuse_block(body, position, role, block)


def _refuse_block(body: dict[str, Any], position: int, role: str, block: Block) -> None:
    if block["type"] == "text" and not block["text"].strip():
        raise Refused(f"messages.{position}: text content blocks must be non-empty")
    if block["type"] == "thinking" and block["signature"] != _signature(body, position):
        raise Refused(f"messages.{position}: Invalid `signature` in `thinking` block")
    if block["type"] == "tool_use" and (
        role != "assistant" or not isinstance(block["input"], dict)
    ):
        raise Refused(f"messages.{position}: tool_use.input: Input should be a valid dictionary")


def _signature(body: dict[str, Any], before: int) -> str:
    """A thought is bound to its model and to all that stood before it."""
    prefix = [
        (role, [_bare(block) for block in blocks]) for role, blocks in _messages(body)[:before]
    ]
    raw = msgspec.json.encode([body["model"], prefix], order="sorted")
    return hashlib.sha256(raw).hexdigest()


def _messages(body: dict[str, Any]) -> list[tuple[str, list[Block]]]:
    return [(message["role"], _blocks(message["content"])) for message in body["messages"]]


def _blocks(content: Any) -> list[Block]:
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return cast("list[Block]", content)


def _text(content: Any) -> str:
    return "".join(block.get("text", "") for block in _blocks(content))


def _bare(block: Block) -> Block:
    return {name: value for name, value in block.items() if name != "cache_control"}


def _sequence(body: dict[str, Any]) -> list[tuple[str, bool]]:
    """Every block in the order a cache reads them, and whether a breakpoint follows it."""
    blocks: list[Block] = [*body.get("tools", []), *_blocks(body.get("system"))]
    for _, content in _messages(body):
        blocks += content
    return [
        (msgspec.json.encode(_bare(block), order="sorted").decode(), "cache_control" in block)
        for block in blocks
    ]
