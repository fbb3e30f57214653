"""Ratios of what was measured on the same seeds, each with a 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 9_999


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio and its interval; without bounds where it has none."""

    value: float
    low: float = -math.inf
    high: float = math.inf

    @property
    def text(self) -> str:
        """`0.17 (0.14 to 0.20)`."""
        if math.isinf(self.low):
            return f"{self.value:.2f} (not bounded)"
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def ratio_of_means(above: Sequence[float], below: Sequence[float]) -> Ratio:
    """The one mean over the other, pair by pair, with the interval of Fieller (1954).

    It holds each ratio r for which the paired t test does not tell `above` from r times `below`.
    """
    n = len(above)
    mean_above, mean_below = math.fsum(above) / n, math.fsum(below) / n
    value = mean_above / mean_below if mean_below else math.inf
    if n < 2:
        return Ratio(value)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) ** 2 / (n - 1) / n

    def spread(one: Sequence[float], m: float, other: Sequence[float], k: float) -> float:
        return reach * math.fsum([(a - m) * (b - k) for a, b in zip(one, other, strict=True)])

    square = mean_below**2 - spread(below, mean_below, below, mean_below)
    middle = mean_above * mean_below - spread(above, mean_above, below, mean_below)
    rest = mean_above**2 - spread(above, mean_above, above, mean_above)
    root = middle**2 - square * rest
    if square <= 0 or root < 0:
        return Ratio(value)
    half = math.sqrt(root)
    return Ratio(value, (middle - half) / square, (middle + half) / square)


Counts = tuple[int, int]
"""What is divided, and by what, in one episode."""


def change_of_ratio(before: Sequence[Counts], after: Sequence[Counts]) -> Ratio:
    """The ratio of sums after over the one before, the interval by a bootstrap over the pairs.

    Without anything to divide by, the ratio before is infinite, and so the change is 0.
    """
    luck = Random(0)
    places = range(len(before))
    drawn = sorted(
        _change([(before[place], after[place]) for place in luck.choices(places, k=len(before))])
        for _ in range(RESAMPLES)
    )
    outside = int((1 - CONFIDENCE) / 2 * (RESAMPLES + 1))
    value = _change(list(zip(before, after, strict=True)))
    return Ratio(value, drawn[outside - 1], drawn[-outside])


def _change(pairs: Sequence[tuple[Counts, Counts]]) -> float:
    over_before = sum(before[0] for before, _ in pairs)
    under_before = sum(before[1] for before, _ in pairs)
    over_after = sum(after[0] for _, after in pairs)
    under_after = sum(after[1] for _, after in pairs)
    below = under_after * over_before
    return over_after * under_before / below if below else math.inf
