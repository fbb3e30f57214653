"""Foes beside the character: strike, or step back to where fewer can reach it."""

from __future__ import annotations

from automem_backends.rules.nethack.compass import DIRECTIONS, apart, beside
from automem_backends.rules.nethack.creatures import creatures
from automem_backends.rules.nethack.ground import index_of
from automem_backends.rules.nethack.situation import Situation

MANY = 2
"""So many foes at once are too many in the open."""
NEAR = 4
"""A narrow place is worth going to if it is no farther."""


def fight(now: Situation) -> str | None:
    """Strike the foe beside the character; None where there is none."""
    if not now.foes:
        return None
    if now.on(">", "down") and now.scene.can("down"):
        return "down"
    if len(now.foes) >= MANY:
        narrow = _narrower(now)
        if narrow is not None:
            return narrow
    straight = now.ground.doors
    for name in (*DIRECTIONS,):
        if name not in now.foes:
            continue
        diagonal = all(DIRECTIONS[name])
        target = beside(now.at, name)
        if diagonal and (index_of(now.at) in straight or index_of(target) in straight):
            continue
        return name
    return None


def _narrower(now: Situation) -> str | None:
    """A step to a place beside where fewer foes can stand around the character."""
    others = creatures(now.now)
    room = now.ground.passages(now.at)
    if room <= MANY:
        return None
    best, least = None, len(now.foes)
    for name in DIRECTIONS:
        cell = beside(now.at, name)
        if now.ways.to(cell) != 1 or cell in others or name in now.foes:
            continue
        touching = sum(apart(cell, other) == 1 for other in others)
        if now.ground.passages(cell) <= MANY and touching < least:
            best, least = name, touching
    return best
