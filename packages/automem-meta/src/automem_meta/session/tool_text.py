"""Tool calls in words, for engines that have no other way to make them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from automem.records._struct import Record
from automem.records.review import ToolCall, ToolSpec
from automem_meta.session.conversation import Replies
from automem_meta.session.texts import text

_BLOCK = re.compile(r"^[ \t]*```+[ \t]*tool\b[^\n]*\n(.*?)(?:^[ \t]*```+[ \t]*$|\Z)", re.M | re.S)


class _Call(Record):
    name: str
    arguments: dict[str, object] = msgspec.field(default_factory=dict[str, object])


def tools_text(tools: Sequence[ToolSpec]) -> str:
    """How tools are called, and which there are."""
    each = [
        f"## {tool.name}\n\n{tool.description}\n\n"
        f"Arguments: `{msgspec.json.encode(tool.parameters).decode()}`"
        for tool in tools
    ]
    return text("tools").replace("{tools}", "\n\n".join(each))


def calls_in(said: str, turn: int) -> tuple[ToolCall, ...]:
    """The calls of an answer in the order written; what is no call keeps its words."""
    calls: list[ToolCall] = []
    for position, found in enumerate(_BLOCK.finditer(said), start=1):
        raw, name = found.group(1).strip(), f"call-{turn}-{position}"
        try:
            call = msgspec.json.decode(raw.encode("utf-8", "replace"), type=_Call)
        except (msgspec.DecodeError, RecursionError):
            calls.append(ToolCall(id=name, name=_name_in(raw), malformed=raw))
        else:
            calls.append(ToolCall(id=name, name=call.name, arguments=call.arguments))
    return tuple(calls)


def answers_text(replies: Replies) -> str:
    """The answers to one turn's calls, as one message."""
    each = [
        f"Answer of `{reply.call.name}`{' (it failed)' if reply.failed else ''}:\n\n{reply.text}"
        for reply in replies.replies
    ]
    return "\n\n".join([*each, replies.note] if replies.note else each)


def _name_in(raw: str) -> str:
    """The tool that was meant, as far as it can be made out."""
    found = re.search(r'"name"\s*:\s*"([\w-]+)"', raw)
    return found.group(1) if found else "tool"
