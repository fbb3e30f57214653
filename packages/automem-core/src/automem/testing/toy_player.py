"""A player of the toy game that answers from the conversation alone, as a model does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from automem.models.cost import FREE, Price
from automem.records.model import ModelReply, ModelRequest
from automem.testing.scripted import count_usage

_SIGN = re.compile(r"Before: A sign says: (\w+)\.")
_SHOWN = re.compile(r"A sign says: (\w+)\.")
_ROOM = re.compile(r"Status: room (\d+)")
_NOTE = re.compile(r"room (\d+): (\w+)")


def toy_answer(body: Mapping[str, Any]) -> str:
    """The player's answer to a request in the chat wire form, for `automem.testing.engine`."""
    return toy_reply([message["content"] for message in body["messages"]], hands_over=False)


class ToyPlayer:
    """Notes what signs say, looks it up at doors, and knows nothing that it was not told."""

    def __init__(self, model: str | None, adapter: str | None, options: None) -> None:
        self.price: Price = FREE
        self._model = model or "toy-player"
        self._hands_over = adapter is not None

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer one turn."""
        said = [message.content for message in request.messages]
        text = toy_reply(said, hands_over=self._hands_over)
        return ModelReply(text=text, usage=count_usage(request, text), model=self._model)

    async def aclose(self) -> None:
        """Nothing is held."""


def toy_reply(said: list[str], *, hands_over: bool, forgets: bool = False) -> str:
    """The answer to a conversation; one that forgets notes no sign of a room of even number."""
    first = next((text for text in said if text.startswith(("LOG.", "PLAN."))), None)
    if first is None:
        return _by_window(said)
    room = _room(first)
    if first.startswith("LOG."):
        return _log(first, room, forgets=forgets and int(room or 0) % 2 == 0)
    return _plan(first, room, said, hands_over=hands_over)


def _log(prompt: str, room: str, *, forgets: bool) -> str:
    sign = None if forgets else _SIGN.search(prompt)
    note = f"<|APPEND|>signs.txt|room {room}: {sign[1]}<|END|>" if sign else ""
    return f"<|APPEND|>log.txt|in room {room}<|END|>{note}<|DONE|>"


def _plan(prompt: str, room: str, said: list[str], *, hands_over: bool) -> str:
    if "asks for the color" not in prompt:
        return "<|HANDOFF|>" if hands_over else "<|ACTION|>walk<|END|>"
    notes = dict(_NOTE.findall("\n".join(said[2:])))
    if room not in notes and len(said) == said.index(prompt) + 1:
        return f"<|SEARCH|>signs.txt|room {room}:<|END|>"
    if hands_over:
        return "<|HANDOFF|>"
    return f"<|ACTION|>say {notes.get(room, 'red')}<|END|>"


def _by_window(said: list[str]) -> str:
    """Without memory files: the last sign that the conversation still shows."""
    if "asks for the color" not in said[-1]:
        return "<|ACTION|>walk<|END|>"
    signs = _SHOWN.findall("\n".join(said))
    return f"<|ACTION|>say {signs[-1] if signs else 'red'}<|END|>"


def _room(prompt: str) -> str:
    found = _ROOM.search(prompt)
    return found[1] if found else ""
