"""Foes beside the character: strike, or step back to where fewer can reach it."""

from __future__ import annotations

from automem_backends.rules.nethack.compass import DIRECTIONS, Cell, apart, beside, direction_of
from automem_backends.rules.nethack.creatures import creatures
from automem_backends.rules.nethack.ground import index_of
from automem_backends.rules.nethack.situation import Situation

MANY = 2
"""So many foes at once are too many in the open."""
NEAR = 3
"""So far away a shot is likely to hit."""
LATEST = 60
"""After so many steps there is no time left to wait."""
ENOUGH = 5
"""Of six rats so many are awaited."""


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


def lie_in_wait(now: Situation) -> str | None:
    """Where many rats are told of, stay in the corridor until most of them have come."""
    if "giant rats" not in now.scene.told or now.step > LATEST or now.foes:
        return None
    killed = sum(moment.killed != "" for moment in now.notes.journal)
    if killed >= ENOUGH or not _in_corridor(now, now.at):
        return None
    back = [
        name
        for name in DIRECTIONS
        if now.ways.to(beside(now.at, name)) == 1 and _in_corridor(now, beside(now.at, name))
    ]
    before = now.scene.before
    if before is not None and before.at == now.at and back:
        return back[0]
    turned = [name for name in back if before is None or beside(now.at, name) == before.at]
    return turned[0] if turned else None


def shoot(now: Situation) -> str | None:
    """Shoot at a floating eye in line: it bars the way and is not to be touched."""
    if "fire" not in now.scene.actions or eye_in_line(now) is None:
        return None
    return "fire" if any("in quiver" in item for item in now.scene.inventory.values()) else None


def eye_in_line(now: Situation) -> str | None:
    """The direction of a floating eye near enough to be shot at."""
    if not now.now.mentions("floating eye"):
        return None
    for cell in now.now.find("e"):
        name = direction_of(now.at, cell)
        if name is not None and apart(now.at, cell) <= NEAR:
            return name
    return None


def _in_corridor(now: Situation, cell: Cell) -> bool:
    """Whether just two foes could stand around, with corridor on both sides."""
    around = [now.now.char(beside(cell, name)) for name in DIRECTIONS]
    return around.count("#") + around.count("@") == 2 and now.ground.passages(cell) == 2


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
