"""Answers for a fake engine that play any scaffold badly, but by its own rules and always alike.

Each is a function of the request alone, so that an episode that is resumed goes on as it would
have gone on.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

_USAGE = re.compile(r"<\|([A-Z_]+)\|>([^<\n]*)<\|END\|>")
_FILE = re.compile(r"^\s*[-*]\s+`?([\w.-]+\.\w+)`?\s*\(", re.MULTILINE)
_REPLACING = ("WRITE", "CREATE")
"""Operations of a scaffold that replace a file, by how they are usually called."""
_MOVES = ("Move West", "Move North", "Move East", "Move South", "Do", "Noop")


def play(body: Mapping[str, Any]) -> str:
    """Write one note when asked to LOG, then a move of Crafter when asked to PLAN.

    What is asked is told by the last message that offers `<|DONE|>` or `<|ACTION|>`: the system
    message of a scaffold may name both, the last one of a phase names its own ending.
    """
    messages: Sequence[Mapping[str, str]] = body["messages"]
    told = [message["content"] for message in messages if message["role"] == "user"]
    asked = "\n".join(told)
    number = zlib.crc32(asked.encode())
    if "<|ACTION|>" in asked or "<|DONE|>" not in asked:
        return f"<|ACTION|>{_MOVES[number % len(_MOVES)]}<|END|>"
    return f"{_note(asked, number)}<|DONE|>"


def _note(asked: str, number: int) -> str:
    """One append or keyed upsert that the prompt offers, told by its arguments, or nothing."""
    known = _FILE.findall(asked)
    for name, arguments in _USAGE.findall(asked):
        if name.startswith(_REPLACING):
            continue
        if arguments == "text":
            return f"<|{name}|>note {number:08x}<|END|>"
        if arguments == "file|text" and known:
            return f"<|{name}|>{known[0]}|note {number:08x}<|END|>"
        if arguments == "x,y|text":
            return f"<|{name}|>{number % 64},{number // 64 % 64}|seen {number:08x}<|END|>"
    return ""
