"""OpenAI-style chat completions with tools, as a local engine serves them to a meta-LLM's client.

It refuses a tool message that follows no call, and a call that is not answered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from automem.testing.meta_responses import error_of
from automem.testing.meta_script import (
    Asked,
    FakeUsage,
    MetaFault,
    Refused,
    ScriptedTurn,
    output_tokens,
)
from automem.testing.scripted import count_tokens

Message = dict[str, Any]
_FINISH = {"end": "stop", "tools": "tool_calls", "length": "length", "refusal": "content_filter"}


@dataclass(slots=True)
class ChatWire:
    """The API of one server: what it has cached, and how it reads and writes."""

    cached: set[str] = field(default_factory=set[str])
    """Hashes of the prefixes it has seen."""

    def read(self, body: dict[str, Any], headers: Mapping[str, str], number: int) -> Asked:
        """A request in plain words. Raises Refused."""
        messages = cast("list[Message]", body["messages"])
        _refuse(messages)
        tools = cast("list[dict[str, Any]]", body.get("tools", []))
        return Asked(
            api="openai-chat",
            number=number,
            turns=sum(message["role"] == "assistant" for message in messages),
            model=body["model"],
            instructions="\n".join(m["content"] for m in messages if m["role"] == "system"),
            told=tuple(m["content"] for m in messages if m["role"] == "user"),
            answers=tuple(m["content"] for m in _after_last_turn(messages)),
            tools=tuple(tool["function"]["name"] for tool in tools),
            key=headers.get("authorization", "").removeprefix("Bearer "),
            body=body,
        )

    def usage(self, body: dict[str, Any], turn: ScriptedTurn) -> FakeUsage:
        """Tokens; the longest prefix of messages that came before is cached."""
        digest = hashlib.sha256()
        read = total = 0
        for part in [body.get("tools"), *body["messages"]]:
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
        if overloaded:
            return "application/json", b'{"error": {"message": "overloaded", "code": 503}}'
        calls = [
            {
                "id": f"call_{asked.number}_{at}",
                "type": "function",
                "function": {
                    "name": call.name,
                    "arguments": call.malformed or msgspec.json.encode(call.arguments).decode(),
                },
            }
            for at, call in enumerate(turn.calls, start=1)
        ]
        message: Message = {"role": "assistant", "content": turn.text or None}
        if turn.thinking:
            message["reasoning_content"] = turn.thinking
        if calls:
            message["tool_calls"] = calls
        given = usage.fresh + usage.cached + usage.written
        finish = _FINISH[turn.ending]
        completion = {
            "id": f"chatcmpl-{asked.number}",
            "object": "chat.completion",
            "created": 0,
            "model": asked.model,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {
                "prompt_tokens": given,
                "completion_tokens": usage.output,
                "total_tokens": given + usage.output,
                "prompt_tokens_details": {"cached_tokens": usage.cached},
            },
        }
        return "application/json", msgspec.json.encode(completion)

    def failure(self, fault: MetaFault) -> tuple[int, bytes]:
        """The status and body of an error."""
        return error_of(fault)


def _after_last_turn(messages: Sequence[Message]) -> list[Message]:
    answers: list[Message] = []
    for message in messages:
        if message["role"] == "assistant":
            answers = []
        elif message["role"] == "tool":
            answers.append(message)
    return answers


def _refuse(messages: Sequence[Message]) -> None:
    unanswered: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in unanswered:
                raise Refused("messages with role 'tool' must be a response to 'tool_calls'")
            unanswered.remove(message["tool_call_id"])
            continue
        if unanswered:
            raise Refused(f"tool_call_ids did not have response messages: {unanswered}")
        if message["role"] == "assistant":
            unanswered = [call["id"] for call in message.get("tool_calls") or ()]
            if message.get("content") is None and not unanswered:
                raise Refused("an assistant message needs content or tool_calls")
