"""A player of the toy game that answers from the conversation alone, as a model does."""

from __future__ import annotations

import re

from automem.models.cost import FREE, Price
from automem.records.model import ModelReply, ModelRequest
from automem.testing.scripted import count_usage

_SIGN = re.compile(r"Before: A sign says: (\w+)\.")
_ROOM = re.compile(r"Status: room (\d+)")
_NOTE = re.compile(r"room (\d+): (\w+)")


class ToyPlayer:
    """Notes what signs say, looks it up at doors, and knows nothing that it was not told."""

    def __init__(self, model: str | None, adapter: str | None, options: None) -> None:
        self.price: Price = FREE
        self._model = model or "toy-player"
        self._hands_over = adapter is not None

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer one turn."""
        text = self._answer([message.content for message in request.messages])
        return ModelReply(text=text, usage=count_usage(request, text), model=self._model)

    async def aclose(self) -> None:
        """Nothing is held."""

    def _answer(self, said: list[str]) -> str:
        first = next(text for text in said if text.startswith(("LOG.", "PLAN.")))
        room = _room(first)
        if first.startswith("LOG."):
            return self._log(first, room)
        return self._plan(first, room, said[-1])

    def _log(self, prompt: str, room: str) -> str:
        sign = _SIGN.search(prompt)
        note = f"<|APPEND|>signs.txt|room {room}: {sign[1]}<|END|>" if sign else ""
        return f"<|APPEND|>log.txt|in room {room}<|END|>{note}<|DONE|>"

    def _plan(self, prompt: str, room: str, latest: str) -> str:
        if "asks for the color" not in prompt:
            return "<|HANDOFF|>" if self._hands_over else "<|ACTION|>walk<|END|>"
        notes = dict(_NOTE.findall(latest))
        if room in notes:
            return f"<|ACTION|>say {notes[room]}<|END|>"
        if latest.startswith("PLAN."):
            return f"<|SEARCH|>signs.txt|room {room}:<|END|>"
        return "<|HANDOFF|>" if self._hands_over else "<|ACTION|>say red<|END|>"


def _room(prompt: str) -> str:
    found = _ROOM.search(prompt)
    return found[1] if found else ""
