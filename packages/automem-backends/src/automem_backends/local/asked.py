"""What one request wants generated, and what came of it; nothing here needs torch."""

from __future__ import annotations

import random
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from automem.records._struct import Record

Ending = Literal["stop", "length"]


class Sampling(Record):
    """How tokens are chosen, and when to stop."""

    max_tokens: int
    temperature: float = 1.0
    """0 takes the most probable token every time."""
    top_p: float = 1.0
    top_k: int = 0
    """0 looks at all tokens."""
    seed: int | None = None
    stop: tuple[str, ...] = ()
    keeps_stop: bool = False
    """Whether the stop string stays in the text."""
    ignores_end: bool = False
    """Whether to go on after the model's own end of an answer."""
    logprobs: int | None = None
    """How many alternatives to name for each token; None names no probability at all."""


class Logprob(Record):
    """A token that was chosen or might have been, and its log probability."""

    token: int
    value: float


class Chosen(Record):
    """One token of an answer."""

    token: int
    logprob: float | None = None
    alternatives: tuple[Logprob, ...] = ()


class Answer(Record):
    """What came of a request."""

    text: str
    tokens: tuple[Chosen, ...]
    ending: Ending
    stop: str | None
    """The stop string that ended it."""
    prompt_tokens: int
    cached_tokens: int
    """Of the prompt, those whose keys and values were still there."""


@dataclass(slots=True, eq=False)
class Weights:
    """The base model, or one version of an adapter; two that were loaded are never the same."""

    name: str
    """What a request calls it."""
    path: str
    pairs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What an adapter adds, by the name of the layer."""
    retired: bool = False
    """Whether it is unloaded, so that no further request can ask for it."""


class KeyValues(Protocol):
    """The keys and values of one token sequence in every layer."""

    length: int
    """Tokens that have theirs."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def reserve(self, tokens: int) -> None:
        """Make room for as many in all."""
        ...

    def copy(self, tokens: int) -> KeyValues:
        """Another one with the first `tokens` of this one."""
        ...


class Part(Record):
    """What one sequence brings into a step: tokens without keys and values."""

    weights: Weights
    values: KeyValues
    tokens: tuple[int, ...]
    sampling: Sampling | None
    """None where the prompt goes on, so that nothing is to be chosen yet."""
    draw: float = 0.0
    """Uniform in [0, 1): what decides between tokens."""


class Model(Protocol):
    """Computes steps; called from one thread."""

    def empty(self) -> KeyValues:
        """For a new sequence."""
        ...

    def size_of(self, tokens: int) -> int:
        """Bytes of the keys and values of as many tokens, at most."""
        ...

    def step(self, parts: tuple[Part, ...]) -> list[Chosen | None]:
        """Compute all parts at once; the next token of each that wants one."""
        ...

    def decode(self, tokens: list[int]) -> str:
        """Their text, without special tokens."""
        ...


@dataclass(slots=True, eq=False)
class Generation:
    """A request on its way through the engine."""

    weights: Weights
    prompt: tuple[int, ...]
    sampling: Sampling
    salt: str = ""
    """Requests with different ones share no prefix."""
    done: Future[Answer] = field(default_factory=Future)
    """Cancelled by whoever no longer wants it."""
    tokens: list[Chosen] = field(default_factory=list)
    values: KeyValues | None = None
    cached: int = 0
    _draws: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._draws = random.Random(self.sampling.seed)  # noqa: S311 - games, not secrets

    def draw(self) -> float:
        """For the next token; a function of seed and position alone."""
        return self._draws.random()

    @property
    def ids(self) -> tuple[int, ...]:
        """Prompt and answer so far."""
        return (*self.prompt, *[chosen.token for chosen in self.tokens])
