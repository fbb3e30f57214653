"""Draws a few of many without holding them all, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def sampled(things: Iterable[T], number: int, seed: int) -> list[T]:
    """`number` of them, each as likely as any other, in their order."""
    drawn = random.Random(seed)  # noqa: S311 - a sample, not a secret
    kept: list[tuple[int, T]] = []
    for place, thing in enumerate(things):
        if place < number:
            kept.append((place, thing))
        elif (seat := drawn.randrange(place + 1)) < number:
            kept[seat] = (place, thing)
    return [thing for _, thing in sorted(kept, key=lambda pair: pair[0])]
