"""Resting where nothing can walk up: walls of rock first, of placed stones where there are none."""

from __future__ import annotations

from collections.abc import Iterator

from automem_backends.rules.crafter.recipes import CREATURES, WALKABLE
from automem_backends.rules.crafter.situation import Situation
from automem_backends.rules.crafter.view import DIRECTIONS, Cell

WALL_COST = 1.5
"""Steps to close one side from inside: getting there, and placing the stone."""
FEW_WALLS = 2
"""A room that needs no more is taken at once; else rock within reach is preferred."""
FAR_ROCK = 24
BUILDING_STEPS = 8
_Room = tuple[Cell, ...]
_Wall = tuple[Cell, str]
"""A side through which something could come in: cell of the room, direction."""


def rest(now: Situation) -> str | None:
    """One step towards sleeping safely, or sleep; None where it cannot be had here."""
    if _enclosed(now):
        return _sleep(now)
    found = _best_room(now)
    if found is not None:
        room, walls = found
        if not walls:
            return _sleep(now)
        if len(walls) <= FEW_WALLS or _building(now):
            return _close(now, room, walls)
    digging = None if now.scene.action == "Place Stone" else _dig_in(now)
    if digging is not None:
        return digging
    if found is not None:
        return _close(now, *found)
    desperate = now.scene.status.energy <= 1 and now.scene.now.steps("zombie") > 4
    return "Sleep" if desperate else None


def _sleep(now: Situation) -> str:
    return "Sleep" if now.scene.status.energy < 9 else "Noop"


def _building(now: Situation) -> bool:
    """Whether walls were placed just now; changing one's mind then would undo them."""
    return any(past.action == "Place Stone" for past in now.notes.journal[-BUILDING_STEPS:])


def _enclosed(now: Situation) -> bool:
    view = now.scene.now
    return all(view.steps(kind) > 1 for kind in WALKABLE | CREATURES)


def _dig_in(now: Situation) -> str | None:
    """Make for the nearest rock and into it."""
    if not now.ground.mines:
        return None
    x, y = DIRECTIONS[now.ground.facing]
    ahead = (now.at[0] + x, now.at[1] + y)
    dug = any(("stone", ahead) in past.sees for past in now.notes.journal)
    if now.scene.now.front == "path" and dug:
        return now.go(now.ground.facing)
    action = now.turn_to("stone")
    if action is not None:
        return action
    seen = now.seen("stone")
    if seen:
        return now.toward(seen)
    known = now.nearest("stone")
    if known is not None and now.distance(known) <= FAR_ROCK:
        return now.toward({known})
    return None


def _best_room(now: Situation) -> tuple[_Room, list[_Wall]] | None:
    """The cheapest room around the player that its stones can close."""
    best: tuple[float, _Room, list[_Wall]] | None = None
    for room in _rooms(*now.at):
        dug, cost = _clearing(now, room)
        walls = list(_open_walls(now, room)) if cost is not None else []
        stones = now.scene.status.items.get("stone", 0) + dug
        if cost is None or len(walls) > stones:
            continue
        if any(not _closable(room, wall) for wall in walls):
            continue
        cost += WALL_COST * len(walls)
        if best is None or cost < best[0]:
            best = (cost, room, walls)
    return (best[1], best[2]) if best else None


def _clearing(now: Situation, room: _Room) -> tuple[int, float | None]:
    """Stones won and steps spent by making a room's cells free; None if that cannot be done."""
    dug, cost = 0, 0.0
    for cell in room:
        known = now.ground.cells.get(cell)
        if known == "stone" and now.ground.mines:
            dug, cost = dug + 1, cost + 2.0
        elif known is None:
            cost += 0.7
        elif known != "free":
            return 0, None
    return dug, cost


def _rooms(x: int, y: int) -> Iterator[_Room]:
    for step_x, step_y in DIRECTIONS.values():
        yield ((x, y), (x + step_x, y + step_y))
    for step_x in (-1, 1):
        for step_y in (-1, 1):
            yield ((x, y), (x + step_x, y), (x, y + step_y), (x + step_x, y + step_y))


def _open_walls(now: Situation, room: _Room) -> Iterator[_Wall]:
    view = now.scene.now
    rocky = view.steps("stone") <= 2 and min(view.steps("grass"), view.steps("sand")) > 1
    for cell in sorted(room):
        for name, (step_x, step_y) in DIRECTIONS.items():
            outside = (cell[0] + step_x, cell[1] + step_y)
            if outside in room:
                continue
            known = now.ground.cells.get(outside)
            if known == "free" or known in CREATURES or (known is None and not rocky):
                yield cell, name


def _closable(room: _Room, wall: _Wall) -> bool:
    """A side can be closed only when its cell is entered from the opposite side in the room."""
    cell, name = wall
    step_x, step_y = DIRECTIONS[name]
    return (cell[0] - step_x, cell[1] - step_y) in room


def _close(now: Situation, room: _Room, walls: list[_Wall]) -> str | None:
    for cell, name in walls:
        if now.at == cell and now.ground.facing == name:
            return "Place Stone" if now.front_free and now.scene.status.has("stone") else None
    places = {(cell[0] - DIRECTIONS[name][0], cell[1] - DIRECTIONS[name][1]): name
              for cell, name in walls}  # fmt: skip
    if now.at in places:
        return now.go(places[now.at])
    for name, (x, y) in DIRECTIONS.items():
        if (now.at[0] + x, now.at[1] + y) in places:
            return now.go(name)
    for name, (x, y) in DIRECTIONS.items():
        if (now.at[0] + x, now.at[1] + y) in room:
            return now.go(name)
    return None
