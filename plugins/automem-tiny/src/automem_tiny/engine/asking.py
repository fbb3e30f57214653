"""What is asked of the engine, what comes of it, and an answer on its way."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from automem.records._struct import Record
from automem.records.model import Message
from automem_tiny.engine.adapters import Adapter

Ending = Literal["stop", "length"]
Tokens = NDArray[np.int64]


class Ask(Record):
    """One conversation that ends in a user message."""

    messages: tuple[Message, ...]
    temperature: Annotated[float, Meta(ge=0.0)] | None = None
    """0 takes the most probable token every time; None is as the model is shipped, else 1."""
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    """None allows what the context has left."""
    seed: int = 0
    """Decides alone between tokens: neighbors in the batch have no part in it."""
    adapter: str | None = None
    """The folder of an adapter; None asks the model itself."""
    top_p: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0
    stop: tuple[str, ...] = ()
    """Texts that end an answer; they are kept in it."""


class Answer(Record):
    """What came of an ask."""

    text: str
    prompt_tokens: int
    cached_tokens: int
    """Of the prompt, those whose keys and values were still there."""
    completion_tokens: int
    """The token that ends an answer is counted."""
    finish: Ending


@dataclass(slots=True, eq=False)
class Generation:
    """An ask on its way through the engine."""

    ask: Ask
    prompt: Tokens
    most_tokens: int
    adapter: Adapter | None
    temperature: float
    cached: int = 0
    tokens: list[int] = field(default_factory=list[int])
    answer: Answer | None = None
    abandoned: bool = False
    """Whether nobody waits for it any longer; it leaves at the next step."""
    _luck: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._luck = random.Random(self.ask.seed)  # noqa: S311 - games, not secrets

    def draw(self) -> float:
        """For the next token; a function of seed and position alone."""
        return self._luck.random()
