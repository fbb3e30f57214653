"""Getting past lava with a wand of cold."""

from __future__ import annotations

from automem_backends.rules.nethack.compass import (
    DIRECTIONS,
    STRAIGHT,
    Cell,
    apart,
    beside,
    direction_of,
)
from automem_backends.rules.nethack.situation import Situation

LAVA, WAND, THING = "}", "/", "("
SURE = 6
"""A ray is sure to get so far."""
BEST = 4
"""From so far away the ray freezes lava and seldom comes back to whoever sent it."""


def cross_lava(now: Situation) -> str | None:
    """Fetch the wand, stand in line with the lava, zap; None where lava is in nobody's way."""
    if "esc" in now.scene.actions or not now.scene.can("zap"):
        return None
    if not has_wand(now):
        return _fetch(now)
    if not now.now.mentions("lava"):
        return None
    direction = lava_direction(now)
    if direction is not None and _distance(now, now.at, direction) in range(2, SURE + 1):
        return "zap"
    return _line_up(now) or ("zap" if direction is not None else None)


def lava_direction(now: Situation) -> str | None:
    """The straight direction in which free floor leads to lava."""
    found = [(steps, name) for name in STRAIGHT if (steps := _distance(now, now.at, name)) > 0]
    return min(found)[1] if found else None


def has_wand(now: Situation) -> bool:
    """Whether a wand is carried that may have a charge left."""
    return any("wand" in item and "nothing" not in item for item in now.scene.inventory.values())


def _fetch(now: Situation) -> str | None:
    """Take the wand; a horn that lies on it is kicked away first, so that no menu opens."""
    if now.scene.action != "pickup" and (now.under == WAND or "wand" in now.now.message):
        return "pickup"
    target = now.nearest(now.now.find(WAND))
    if target is not None:
        return now.toward(target)
    if thing_to_kick(now) is not None and now.scene.can("kick"):
        return "kick"
    things = now.now.find(THING)
    target = now.nearest(things)
    if target is not None:
        return now.toward(target)
    # The things lie where the character began.
    return now.free_direction() if now.scene.before is None else None


def thing_to_kick(now: Situation) -> str | None:
    """The direction of the thing that hides the wand."""
    if not now.scene.can("zap") or has_wand(now):
        return None
    for name in DIRECTIONS:
        if now.now.char(beside(now.at, name)) == THING:
            return name
    return None


def _distance(now: Situation, cell: Cell, direction: str) -> int:
    """How many cells away lava begins; 0 where something else comes first."""
    for steps in range(1, 20):
        cell = beside(cell, direction)
        char = now.now.char(cell)
        if char == LAVA:
            return steps
        if char in " |-#+`":
            return 0
    return 0


def _line_up(now: Situation) -> str | None:
    """Go where the lava lies straight ahead at a good distance, towards what lies behind it."""
    best, best_cost = None, 1e9
    goal = next(iter(now.now.find(">")), None)
    for lava in now.now.find(LAVA):
        for name in STRAIGHT:
            cell = lava
            for steps in range(1, SURE + 1):
                cell = (cell[0] - _dx(name), cell[1] - _dy(name))
                reached = 0 if cell == now.at else now.ways.to(cell)
                if reached < 0 or _distance(now, cell, name) != steps or steps == 1:
                    continue
                cost = reached + 2 * abs(steps - BEST)
                if goal is not None:
                    cost += apart(lava, goal) / 4 + (direction_of(cell, lava) is None)
                if cost < best_cost:
                    best, best_cost = cell, cost
    if best is None or best == now.at:
        return None
    return now.toward(best)


def _dx(name: str) -> int:
    return beside((0, 0), name)[0]


def _dy(name: str) -> int:
    return beside((0, 0), name)[1]
