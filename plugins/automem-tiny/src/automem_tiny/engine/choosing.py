"""The next token of each row of logits, as its own ask wants it chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from automem.errors import ServerError
from automem_tiny.engine.asking import Generation
from automem_tiny.engine.weights import Matrix


def require_finite(logits: Matrix) -> None:
    """Refuse logits that are no numbers, or all 0, as a norm makes of too large ones.

    Whatever were chosen from them would be taken for a model that plays badly. Raises ServerError.
    """
    # One product a row is the cheapest look: there are a thousand a second.
    if not all(0.0 < square < math.inf for square in np.vecdot(logits, logits).tolist()):
        raise ServerError(
            "the model computes numbers that are not finite: its weights, its config.json or an "
            "adapter of it are damaged; put them there anew"
        )


def choose(logits: Matrix, generations: Sequence[Generation]) -> list[int]:
    """One token a row. Of a row, one uniform draw decides, in the order of the vocabulary."""
    warmth = np.array([one.temperature for one in generations])
    best = logits.argmax(-1)
    warm = [row for row, one in enumerate(generations) if one.temperature > 0.0]
    if warm:
        best[warm] = _drawn(logits[warm], warmth[warm], [generations[row] for row in warm])
    return best.tolist()


def _drawn(
    logits: Matrix, warmth: NDArray[np.float64], generations: Sequence[Generation]
) -> NDArray[np.int64]:
    scaled = logits / warmth[:, None]
    scaled -= scaled.max(-1, keepdims=True)
    shares = np.exp(scaled, out=scaled)
    for row, generation in enumerate(generations):
        if generation.ask.top_p < 1.0:
            _nucleus(shares[row], generation.ask.top_p)
    sums = shares.cumsum(-1)
    draws = np.array([generation.draw() for generation in generations])
    chosen = (sums <= (sums[:, -1] * draws)[:, None]).sum(-1)
    return np.minimum(chosen, logits.shape[1] - 1)


def _nucleus(shares: NDArray[np.float64], top_p: float) -> None:
    """Leave only the fewest tokens that hold so much of the probability."""
    order = np.argsort(-shares, kind="stable")
    ordered = shares[order]
    before = np.cumsum(ordered) - ordered
    shares[order[before >= top_p * ordered.sum()]] = 0.0
