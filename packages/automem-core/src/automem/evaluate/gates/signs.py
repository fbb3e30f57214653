"""The exact one-sided sign-flip test, for as many pairs as a gate ever plays."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

from automem.evaluate.statistics import p_greater

MOST_EXACT = 32
"""Unequal pairs up to which every flip is counted; beyond, flips are drawn, always the same."""


def p_better(differences: Sequence[float]) -> float:
    """How often flipped signs alone give so large a mean; small where it is no chance.

    All 2^n flips are counted by halves: the sums of one half, sorted, are searched for what each
    sum of the other half leaves to be reached. So 20 pairs are exact, without drawing.
    """
    sizes = [abs(difference) for difference in differences if difference]
    if not sizes:
        return 1.0
    if len(sizes) > MOST_EXACT:
        return p_greater(differences)
    half = len(sizes) // 2
    low, high = sorted(_sums(sizes[:half])), _sums(sizes[half:])
    # Sums that are equal on paper may differ by rounding.
    wanted = math.fsum(differences) - 1e-9 * math.fsum(sizes)
    reached = sum(len(low) - bisect_left(low, wanted - each) for each in high)
    return reached / 2 ** len(sizes)


def _sums(sizes: Sequence[float]) -> list[float]:
    sums = [0.0]
    for size in sizes:
        sums = [total + signed for signed in (size, -size) for total in sums]
    return sums
