"""A model without weights, whose next token depends on every token before it and on the adapter."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from automem.errors import ServerError
from automem_backends.local.asked import Chosen, Generation, Logprob, Part, Sampling, Weights
from automem_backends.local.scheduler import Limits, Scheduler

TOKENS = 97
END = 0
LETTERS = "abcdefghijklmnopqrstuvwxyz "


@dataclass
class ListedValues:
    """Instead of keys and values: which token was computed, and with which weights."""

    held: list[tuple[int, Weights]] = field(default_factory=list)

    @property
    def length(self) -> int:
        return len(self.held)

    @property
    def size(self) -> int:
        return 10 * len(self.held)

    def reserve(self, tokens: int) -> None:
        pass

    def copy(self, tokens: int) -> ListedValues:
        return ListedValues(self.held[:tokens])


@dataclass
class HashModel:
    """The next token is a hash of all that is held, or of a draw where one decides."""

    context: int = 1000
    steps: list[tuple[Part, ...]] = field(default_factory=list)
    fails: Callable[[tuple[Part, ...]], bool] = lambda _: False

    def empty(self) -> ListedValues:
        return ListedValues()

    def size_of(self, tokens: int) -> int:
        return 10 * tokens

    def step(self, parts: tuple[Part, ...]) -> list[Chosen | None]:
        self.steps.append(parts)
        if self.fails(parts):
            raise RuntimeError("out of memory")
        return [self._next(part) for part in parts]

    def decode(self, tokens: list[int]) -> str:
        return "".join(LETTERS[token % len(LETTERS)] for token in tokens if token != END)

    def prompt(
        self, messages: Sequence[Mapping[str, Any]], _: Mapping[str, Any]
    ) -> tuple[int, ...]:
        text = "".join(f"{message['role']}:{message['content']}\n" for message in messages)
        return tuple(1 + ord(letter) % (TOKENS - 1) for letter in text)

    def written(self, token: int) -> str:
        return "<end>" if token == END else self.decode([token])

    def read(self, name: str, path: str) -> Weights:
        if "missing" in path:
            raise ServerError(f"Loading lora {name} failed: No adapter found for {path}")
        if "broken" in path:
            raise ServerError(f"Loading lora {name} failed: {path} is damaged")
        return Weights(name, path, {"layer": path})

    def _next(self, part: Part) -> Chosen | None:
        held = part.values.held
        held.extend((token, part.weights) for token in part.tokens)
        assert all(weights is part.weights for _, weights in held)
        if part.sampling is None:
            return None
        about = repr(([token for token, _ in held], part.weights.path))
        drawn = part.draw if part.sampling.temperature else 0.0
        number = int(hashlib.sha256(about.encode()).hexdigest(), 16) + int(drawn * 1e9)
        token = 1 + number % (TOKENS - 1)
        if part.sampling.logprobs is None:
            return Chosen(token=token)
        others = tuple(Logprob(token=other, value=-1.0) for other in range(part.sampling.logprobs))
        return Chosen(token=token, logprob=-0.5, alternatives=others)


@dataclass
class Bench:
    """A scheduler whose steps are taken one by one."""

    model: HashModel
    limits: Limits = field(default_factory=Limits)
    base: Weights = field(default_factory=lambda: Weights("base", "model"))
    scheduler: Scheduler = field(init=False)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.model, frozenset({END}), self.limits)

    def submit(
        self, prompt: Sequence[int], weights: Weights | None = None, salt: str = "", **how: Any
    ) -> Generation:
        sampling = Sampling(**{"max_tokens": 5, "temperature": 0.0, **how})
        generation = Generation(weights or self.base, tuple(prompt), sampling, salt)
        self.scheduler.submit(generation)
        return generation

    def finish(self, *generations: Generation) -> None:
        for _ in range(1000):
            if all(generation.done.done() for generation in generations):
                return
            self.scheduler.advance()
        raise AssertionError("it does not come to an end")

    def answer(self, prompt: Sequence[int], **how: Any):
        generation = self.submit(prompt, **how)
        self.finish(generation)
        return generation.done.result()


@pytest.fixture
def model() -> HashModel:
    return HashModel()


@pytest.fixture
def bench(model: HashModel) -> Bench:
    return Bench(model)


@pytest.fixture
def open_bench(model: HashModel) -> Callable[..., Bench]:
    """A bench with other limits."""
    return lambda **limits: Bench(model, Limits(**limits))
