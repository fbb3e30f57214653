"""The embedded player: rules that answer like a model, from the text of the conversation alone.

It is no model. It holds no state between calls: whatever it knows of earlier steps it wrote into
the memory files and reads back through the operations the prompt offers, so that it needs its
memory as a model does.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Annotated

from msgspec import Meta

from automem.models.cost import FREE, Price
from automem.records._struct import Record
from automem.records.model import ModelReply, ModelRequest, Usage
from automem_backends.rules.crafter.log import log
from automem_backends.rules.crafter.plan import plan
from automem_backends.rules.crafter.recall import recall
from automem_backends.rules.nethack.log import log as log_nethack
from automem_backends.rules.nethack.plan import plan as plan_nethack
from automem_backends.rules.nethack.recall import recall as recall_nethack
from automem_backends.rules.nethack.screen import sees_nethack
from automem_backends.rules.transcript import Transcript, read_transcript

NAME = "rules"
CHARACTERS_PER_TOKEN = 4


class RulesOptions(Record):
    """How its habits vary. The same options and conversation always give the same answer."""

    seed: int = 0
    """Another seed is another set of habits."""
    variation: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    """The share of replies in which a habit varies: which way to explore, a note left out."""
    consults: Annotated[float, Meta(ge=0.0, le=1.0)] = 1.0
    """The share of PLAN phases in which it looks anything up; in the others it acts on what the
    prompt shows by itself, as models do that seldom consult their memory."""


class RulesPlayer:
    """A backend that needs no model, no key and no network."""

    def __init__(self, model: str | None, adapter: str | None, options: RulesOptions) -> None:
        del adapter
        self.price: Price = FREE
        self._name = model or NAME
        self._options = options

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer one conversation."""
        talk = read_transcript(request.messages)
        talk = replace(talk, consults=talk.phase == "log" or self._consults(talk))
        text = self._answer(talk)
        if talk.bare:
            text = text.removeprefix("<|ACTION|>").removesuffix("<|END|>")
        characters = sum(len(message.content) for message in request.messages)
        return ModelReply(
            text=text,
            usage=Usage(
                input_tokens=characters // CHARACTERS_PER_TOKEN,
                output_tokens=len(text) // CHARACTERS_PER_TOKEN,
            ),
            model=NAME,
        )

    async def aclose(self) -> None:
        """Nothing is held."""

    def _answer(self, talk: Transcript) -> str:
        dungeon = recall_nethack(talk) if sees_nethack(talk.first) else None
        if dungeon is not None:
            return (log_nethack if talk.phase == "log" else plan_nethack)(dungeon, self._luck(talk))
        known = recall(talk)
        if known is None:
            return "<|DONE|>" if talk.phase == "log" else "<|ACTION|>Noop<|END|>"
        return (log if talk.phase == "log" else plan)(known, self._luck(talk))

    def _luck(self, talk: Transcript) -> int:
        """0, or in the share of conversations set by `variation` a number drawn from their text."""
        drawn = self._drawn("", talk)
        if (drawn % 1000) >= self._options.variation * 1000:
            return 0
        return drawn // 1000

    def _consults(self, talk: Transcript) -> bool:
        return self._drawn("consults\n", talk) % 1000 < self._options.consults * 1000

    def _drawn(self, habit: str, talk: Transcript) -> int:
        """The same number for every turn of a conversation."""
        return zlib.crc32(f"{habit}{self._options.seed}\n{talk.first}".encode())
