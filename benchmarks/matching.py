"""Draws turns at random that are asked for as others were: of like shape and length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from random import Random
from typing import NamedTuple

LENGTH_TOKENS = 16
"""Prompts are of like length where they fall into the same stretch of so many tokens.

A data set's strata, powers of two, are coarser: most prompts of a terse scaffold share one.
"""


class Prompt(NamedTuple):
    """The turn of a prompt, by what a match depends on; a shape says the phase too."""

    id: str
    shape: str
    tokens: int


def matched(wanted: Iterable[Prompt], offered: Iterable[Prompt], luck: Random) -> dict[str, str]:
    """Id of each wanted turn -> that of a turn drawn for it, of the same shape; none drawn twice.

    The length is like, or as near as is left. A turn whose shape is used up is left out. Turns
    that are wanted themselves may be drawn: the draw is blind to what is in a reply.
    """
    left: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in sorted(offered):
        left[one.shape][one.tokens // LENGTH_TOKENS].append(one.id)
    for lengths in left.values():
        for ids in lengths.values():
            luck.shuffle(ids)
    drawn: dict[str, str] = {}
    # What finds its own length goes first, so that nothing is taken away by what does not.
    rest = [one for one in sorted(wanted) if not _draw(one, left[one.shape], drawn, most_apart=0)]
    for one in rest:
        _draw(one, left[one.shape], drawn, most_apart=None)
    return drawn


def _draw(
    one: Prompt, lengths: dict[int, list[str]], drawn: dict[str, str], *, most_apart: int | None
) -> bool:
    """Whether a turn was found for it, so many stretches of length apart at most."""
    length = one.tokens // LENGTH_TOKENS
    there = [place for place, ids in lengths.items() if ids]
    near = min(there, key=lambda place: (abs(place - length), place), default=None)
    if near is None or (most_apart is not None and abs(near - length) > most_apart):
        return False
    drawn[one.id] = lengths[near].pop()
    return True
