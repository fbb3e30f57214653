"""The form in which the Messages API reads a conversation and writes an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automem.records.model import Usage
from automem.records.review import MetaTurn, ToolCall, TurnEnd
from automem_meta.providers.wire import sealed, tool_call, unsealed
from automem_meta.session.conversation import Conversation, Replies, Spoke, Told

Block = dict[str, Any]
API = "anthropic"
MARK = {"cache_control": {"type": "ephemeral"}}
"""A breakpoint: what stands before it is kept in the cache."""
_ENDS: dict[str, TurnEnd] = {
    "tool_use": "tools",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
_THOUGHTS = ("thinking", "redacted_thinking")


@dataclass(slots=True)
class Gathered:
    """An answer as its stream comes in, event by event."""

    message: dict[str, Any] = field(default_factory=dict[str, Any])
    content: list[Block] = field(default_factory=list[Block])
    arguments: list[str] = field(default_factory=list[str])
    """For each block the JSON of its arguments, as text; empty where it has none."""
    is_whole: bool = False

    def take(self, event: Mapping[str, Any]) -> None:
        """Add one event."""
        match event["type"]:
            case "message_start":
                self.message = dict(event["message"])
            case "content_block_start":
                self.content.append(dict(event["content_block"]))
                self.arguments.append("")
            case "content_block_delta":
                self._add(event["index"], event["delta"])
            case "message_delta":
                self.message["stop_reason"] = event["delta"].get("stop_reason")
                used = {name: n for name, n in event["usage"].items() if n is not None}
                self.message["usage"] = {**self.message.get("usage", {}), **used}
            case "message_stop":
                self.is_whole = True
            case _:
                return

    def turn(self, model: str, api: str = API, tool_prefix: str = "") -> MetaTurn:
        """The whole answer, as the model of this name gave it through `api`.

        Arguments that are no JSON object are kept as they are, and go back as an empty one.
        """
        calls: list[ToolCall] = []
        for block, raw in zip(self.content, self.arguments, strict=True):
            if block["type"] == "tool_use":
                call = tool_call(block["id"], block["name"].removeprefix(tool_prefix), raw)
                block["input"] = call.arguments
                calls.append(call)
        used = self.message.get("usage", {})
        written = used.get("cache_creation_input_tokens") or 0
        read = used.get("cache_read_input_tokens") or 0
        return MetaTurn(
            text="".join(block["text"] for block in self.content if block["type"] == "text"),
            calls=tuple(calls),
            end=_ENDS.get(self.message.get("stop_reason") or "", "end"),
            usage=Usage(
                input_tokens=(used.get("input_tokens") or 0) + written + read,
                cached_tokens=read,
                output_tokens=used.get("output_tokens") or 0,
            ),
            cache_written_tokens=written,
            model=self.message.get("model", ""),
            raw=sealed(api, model, self.content),
        )

    def _add(self, index: int, delta: Mapping[str, Any]) -> None:
        block = self.content[index]
        match delta["type"]:
            case "text_delta":
                block["text"] += delta["text"]
            case "thinking_delta":
                block["thinking"] += delta["thinking"]
            case "signature_delta":
                block["signature"] = delta["signature"]
            case "input_json_delta":
                self.arguments[index] += delta["partial_json"]
            case _:
                return


def messages_of(conversation: Conversation, model: str) -> list[Block]:
    """The conversation in this API's form, with breakpoints on what was said last."""
    messages: list[Block] = []
    for entry in conversation.entries:
        match entry:
            case Told():
                _add(messages, "user", [{"type": "text", "text": entry.text}])
            case Spoke():
                _add(messages, "assistant", _spoken(entry, model))
            case Replies():
                _add(messages, "user", _replied(entry))
    for message in [said for said in messages if said["role"] == "user"][-2:]:
        message["content"][-1] |= MARK
    return messages


def _add(messages: list[Block], role: str, content: list[Block]) -> None:
    """Nothing is no message, and one speaker has one message at a time."""
    if not content:
        return
    if messages and messages[-1]["role"] == role:
        messages[-1]["content"] += content
    else:
        messages.append({"role": role, "content": content})


def _spoken(entry: Spoke, model: str) -> list[Block]:
    turn = entry.turn
    content: list[Block] | None = unsealed(turn, API, model)
    if content is None:
        content = [{"type": "text", "text": turn.text}]
        content += [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}
            for call in turn.calls
        ]
    kept = [
        block
        for block in content
        if (entry.is_verbatim or block["type"] not in _THOUGHTS)
        and (block["type"] != "text" or block["text"].strip())
    ]
    # The API refuses a message that ends in a thought, as one that was cut off does.
    while kept and kept[-1]["type"] in _THOUGHTS:
        kept.pop()
    return kept


def _replied(entry: Replies) -> list[Block]:
    content: list[Block] = [
        {
            "type": "tool_result",
            "tool_use_id": reply.call.id,
            "content": reply.text or "(nothing)",
            **({"is_error": True} if reply.failed else {}),
        }
        for reply in entry.replies
    ]
    if entry.note:
        content.append({"type": "text", "text": entry.note})
    return content
