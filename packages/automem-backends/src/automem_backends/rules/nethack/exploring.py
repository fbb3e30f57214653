"""Where to go next on a level: stairs, then what was not walked yet, then what may be hidden."""

from __future__ import annotations

from automem_backends.rules.nethack.compass import STRAIGHT, Cell, beside
from automem_backends.rules.nethack.ground import index_of
from automem_backends.rules.nethack.notes import Level
from automem_backends.rules.nethack.situation import Situation

THINGS = ')[%!?/="(*$'
"""Signs of things that may lie on the stairs and hide them."""
SEARCHES = 15
"""How long one visit to a promising place searches."""
MOST_KICKS = 25
BOLDNESS = 60
"""How many steps longer a way past boulders and traps is held to be."""
REACH = 6
"""How far the unknown behind a wall is looked at."""


def descend(now: Situation) -> str | None:
    """Take the stairs down, or go there."""
    if now.on(">", "down") and now.scene.can("down"):
        return "down"
    stairs = [*now.now.find(">"), *now.level.cells("down")]
    stairs = [cell for cell in stairs if cell != now.at]
    for ways in (now.ways, now.bold_ways):
        target = now.nearest(stairs, ways)
        if target is not None:
            return now.toward(target, ways)
    return None


def explore(now: Situation) -> str | None:
    """One action that may show something new; None if nothing is left to try."""
    fringe = now.ground.fringe()
    target = _best(now, fringe)
    if target is not None:
        return now.toward(target)
    things = [cell for sign in THINGS for cell in now.now.find(sign)]
    target = now.nearest([cell for cell in things if not now.level.count("walked", cell)])
    if target is not None:
        return now.toward(target)
    kick = _kick(now)
    if kick is not None:
        return kick
    target = now.nearest(fringe, now.bold_ways)
    if target is not None:
        return now.toward(target, now.bold_ways)
    return _search(now) or now.free_direction()


def _best(now: Situation, cells: list[Cell]) -> Cell | None:
    """The nearest cell, one ahead preferred to one behind."""
    before = now.scene.before
    last = before.at if before is not None else now.at
    ahead = (now.at[0] - last[0], now.at[1] - last[1])
    best, least = None, 1e9
    for cell in cells:
        steps = now.ways.to(cell)
        if steps <= 0:
            continue
        aside = (cell[0] - now.at[0]) * ahead[0] + (cell[1] - now.at[1]) * ahead[1] <= 0
        cost = steps + 0.5 * aside + ((cell[0] * 7 + cell[1] * 13 + now.luck) % 7) * 0.01
        if cost < least:
            best, least = cell, cost
    return best


def _kick(now: Situation) -> str | None:
    """Go to a locked door and kick it."""
    if not now.scene.can("kick") or now.now.mentions("watch"):
        return None
    doors = {
        cell
        for cell in now.level.cells("locked") & now.ground.shut
        if now.level.count("kicked", cell) < MOST_KICKS and not now.level.count("closed", cell)
    }
    if any(beside(now.at, name) in doors for name in STRAIGHT):
        return "kick"
    sides = [beside(cell, name) for cell in doors for name in STRAIGHT]
    target = now.nearest([cell for cell in sides if cell not in doors])
    return None if target is None else now.toward(target)


def _search(now: Situation) -> str | None:
    """Search where something hidden is likeliest, counting what was searched in vain."""
    if not now.scene.can("search"):
        return None
    target = _place_to_search(now)
    if target is None:
        return None
    if target != now.at:
        return now.toward(target) or now.toward(target, now.bold_ways)
    return "1" if {"1", "5"} <= now.scene.actions else "search"


def _place_to_search(now: Situation) -> Cell | None:
    sure, level = now.ways.steps, now.level
    best, best_cost = None, 1e9
    searched = level.cells("searched")
    for index, distance in enumerate(now.bold_ways.steps):
        if distance < 0:
            continue
        aside = BOLDNESS if sure[index] < 0 else 0
        cell = (index % 80, index // 80)
        promise = _promise(now, cell, index)
        if promise <= 0:
            continue
        vain = sum(
            level.count("searched", other)
            for other in searched
            if max(abs(other[0] - cell[0]), abs(other[1] - cell[1])) <= 1
        )
        # A visit is finished before another place is thought of.
        started = cell == now.at and 0 < level.count("searched", cell) < SEARCHES
        cost = distance + aside + vain * 4 - promise - (1000 if started else 0)
        if cost < best_cost:
            best, best_cost = cell, cost
    return best


def _promise(now: Situation, cell: Cell, index: int) -> float:
    """How much speaks for something hidden beside a cell."""
    cells = now.now.cells
    if cells[index] == "#" or (cell == now.at and now.under == "#"):
        return 40.0 if now.ground.passages(cell) <= 1 else 6.0
    dark = 0
    for name in STRAIGHT:
        x, y = beside(cell, name)
        if cells[index_of((x, y))] not in "|-":
            continue
        dx, dy = x - cell[0], y - cell[1]
        for far in range(1, REACH + 1):
            a, b = x + dx * far, y + dy * far
            if not (1 <= a < 79 and 1 <= b <= 20):
                break
            if cells[index_of((a, b))] != " ":
                break
            dark += 1
    if dark == 0 and not _enclosed(now.level, cell):
        return 0.0
    return dark * 2.5


def _enclosed(level: Level, cell: Cell) -> bool:
    return level.count("walked", cell) > 0
