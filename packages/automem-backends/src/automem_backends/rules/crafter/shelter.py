"""Resting where nothing can walk up: walls of rock first, of placed stones where there are none."""

from __future__ import annotations

from collections.abc import Iterator

from automem_backends.rules.crafter.recipes import CREATURES, WALKABLE
from automem_backends.rules.crafter.situation import Situation
from automem_backends.rules.crafter.view import DIRECTIONS, Cell

WALL_COST = 1.5
"""Steps to close one side from inside: getting there, and placing the stone."""
_Room = tuple[Cell, ...]


def rest(now: Situation) -> str | None:
    """One step towards sleeping safely; None where that cannot be had here."""
    view, status = now.scene.now, now.scene.status
    open_sides = [kind for kind in WALKABLE if view.steps(kind) == 1]
    if not open_sides and all(view.steps(kind) > 1 for kind in CREATURES):
        return "Sleep"
    room = _best_room(now)
    if room is None:
        desperate = status.energy <= 1 and view.steps("zombie") > 4
        return "Sleep" if desperate else None
    walls = list(_open_walls(now, room))
    if not walls:
        return "Sleep"
    if not status.has("stone"):
        return None
    return _close(now, room, walls)


def _best_room(now: Situation) -> _Room | None:
    x, y = now.at
    stones = now.scene.status.items.get("stone", 0)
    best: tuple[float, _Room] | None = None
    for room in _rooms(x, y):
        cost = 0.0
        for cell in room:
            known = now.ground.cells.get(cell)
            if known == "stone" and now.ground.mines:
                cost += 2.0
                stones_gained = 1
            elif known in {"free", None}:
                cost += 0.0 if known else 0.7
                stones_gained = 0
            else:
                cost = 99.0
                break
            stones += stones_gained
        walls = list(_open_walls(now, room)) if cost < 50 else []
        if cost >= 50 or len(walls) > stones or any(not _closable(room, w) for w in walls):
            continue
        cost += WALL_COST * len(walls)
        if best is None or (cost, room) < best:
            best = (cost, room)
    return best[1] if best else None


def _rooms(x: int, y: int) -> Iterator[_Room]:
    for step_x, step_y in DIRECTIONS.values():
        yield ((x, y), (x + step_x, y + step_y))
    for step_x in (-1, 1):
        for step_y in (-1, 1):
            yield ((x, y), (x + step_x, y), (x, y + step_y), (x + step_x, y + step_y))


def _open_walls(now: Situation, room: _Room) -> Iterator[tuple[Cell, str]]:
    """The sides through which something could come in: cell of the room, direction."""
    rocky = now.scene.now.steps("stone") <= 2
    for cell in sorted(room):
        for name, (step_x, step_y) in DIRECTIONS.items():
            outside = (cell[0] + step_x, cell[1] + step_y)
            if outside in room:
                continue
            known = now.ground.cells.get(outside)
            if known == "free" or known in CREATURES or (known is None and not rocky):
                yield cell, name


def _closable(room: _Room, wall: tuple[Cell, str]) -> bool:
    """A side can be closed only when entering its cell from the opposite side within the room."""
    cell, name = wall
    step_x, step_y = DIRECTIONS[name]
    return (cell[0] - step_x, cell[1] - step_y) in room


def _close(now: Situation, room: _Room, walls: list[tuple[Cell, str]]) -> str | None:
    for cell, name in walls:
        if now.at == cell and now.ground.facing == name:
            return "Place Stone" if now.front_free else None
    for cell, name in walls:
        step_x, step_y = DIRECTIONS[name]
        if now.at == (cell[0] - step_x, cell[1] - step_y):
            return now.go(name)
    cell, name = walls[0]
    step_x, step_y = DIRECTIONS[name]
    return now.toward({(cell[0] - step_x, cell[1] - step_y)})
