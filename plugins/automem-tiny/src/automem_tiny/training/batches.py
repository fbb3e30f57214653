"""Which lessons a step learns, and how they lie in the rows of a pass.

A batch is a function of seed and step alone. It is dealt into two halves of like size, and each
half is computed by itself, whether by one process or two: so both give the same bytes.
"""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from automem_tiny.training.lessons import Kind
from automem_tiny.training.moving import Mover
from automem_tiny.training.parameters import Shape
from automem_tiny.training.pools import Drawn, Pools
from automem_tiny.training.rows import Layout, Rows

HALVES: Final = 2
MOVED: Final = 0.5
"""The share of lessons that are moved over the map."""
NATURAL: Final = 0.75
"""From this share of the steps on lessons are drawn as they come."""
PROMPTED: Final = 0.25
"""The share of lessons whose prompts are learned, too."""
PROMPT_WEIGHT: Final = 0.4
"""What a token of such a prompt counts: enough to learn the language of the game from it."""
NUMBER_WEIGHT: Final = 3.0
"""What a token of a number counts in a reply: copying has to be exact."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A lesson as it is learned this time."""

    tokens: NDArray[np.int64]
    weights: NDArray[np.float32]
    """Of each token as something to be foretold."""
    replies: NDArray[np.bool_]
    """Which of them are of a learned reply."""
    shared: int


@dataclass(frozen=True, slots=True)
class Half:
    """Half of a batch."""

    rows: Rows
    weights: Tensor
    """Of each foretold token."""
    replies: Tensor
    owners: Tensor
    """Of each foretold token, the number of its lesson in the half as it was given."""
    tokens: int
    """Of all lessons, those that they share counted each time."""


@dataclass(frozen=True, slots=True)
class Batches:
    """All batches of a training."""

    pools: Pools
    mover: Mover
    seed: int
    steps: int
    size: int
    shape: Shape

    def half(self, step: int, which: int) -> Half:
        """One half of a step's batch."""
        luck = Random(f"{self.seed}/{step}")  # noqa: S311 - games, not secrets
        natural = step >= NATURAL * self.steps
        chosen = [
            (self.pools.draw(luck, natural=natural), luck.random() < PROMPTED, luck.random())
            for _ in range(self.size)
        ]
        chosen.sort(key=lambda one: one[0].length)
        return lay([self._taken(*one) for one in chosen[which::HALVES]], self.shape)

    def _taken(self, drawn: Drawn, prompted: bool, fate: float) -> Taken:  # noqa: FBT001
        tokens = drawn.tokens.astype(np.int64)
        if fate < MOVED and drawn.movable:
            luck = Random(fate)  # noqa: S311 - games, not secrets
            tokens = self.mover.moved(tokens, drawn.kinds, luck)
        return taken(tokens, drawn, PROMPT_WEIGHT if prompted else 0.0)


def taken(tokens: NDArray[np.int64], drawn: Drawn, prompt_weight: float = 0.0) -> Taken:
    """A lesson with the weights of its tokens."""
    kinds = drawn.kinds
    replies = (kinds & Kind.REPLY) > 0
    numbers = np.where(kinds & Kind.NUMBER, np.float32(NUMBER_WEIGHT), np.float32(1))
    weights = np.where(replies, numbers, np.float32(prompt_weight))
    weights[: drawn.shared + 1] = 0
    return Taken(tokens, weights, replies, drawn.shared)


def lay(lessons: Sequence[Taken], shape: Shape) -> Half:
    """Lessons, sorted by length, as rows; their system messages once each."""
    layout = Layout(shape)
    for one in lessons:
        # Nothing is foretold after the last token.
        layout.add(one.tokens[:-1], one.shared)
    foretold = [one.weights[1:] > 0 for one in lessons]

    def picked(parts: Iterable[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([part[where] for part, where in zip(parts, foretold, strict=True)])

    owners = [np.full(len(own), number) for number, own in enumerate(layout.rows)]
    return Half(
        rows=layout.laid(picked(layout.rows), picked(one.tokens[1:] for one in lessons)),
        weights=torch.from_numpy(picked(one.weights[1:] for one in lessons)),
        replies=torch.from_numpy(picked(one.replies[1:] for one in lessons)),
        owners=torch.from_numpy(picked(owners)),
        tokens=sum(len(one.tokens) for one in lessons),
    )
