"""Dead reckoning: whether the last action moved the player, from what was seen before and after."""

from __future__ import annotations

from automem_backends.rules.crafter.notes import Moment
from automem_backends.rules.crafter.recipes import CREATURES, WALKABLE
from automem_backends.rules.crafter.view import DIRECTIONS, MOVES, VIEW_X, VIEW_Y, Cell, View

_TOWARD = {action: direction for direction, action in MOVES.items()}


def follow(last: Moment, action: str, before: View | None, now: View, step: int) -> Moment:
    """Where the player is now, given where it was before the action."""
    at, facing = last.at, last.facing
    if action in _TOWARD and not (before is not None and before.sleeping and now.sleeping):
        direction = _TOWARD[action]
        if before is None or _moved(before, now, direction, facing):
            x, y = DIRECTIONS[direction]
            at = (at[0] + x, at[1] + y)
        facing = direction
    return Moment(step, at, facing, action, now.clear, seen_around(at, facing, now))


def seen_around(at: Cell, facing: str, view: View) -> tuple[tuple[str, Cell], ...]:
    """The things whose cell is certain and that stay where they are."""
    cells: dict[Cell, str] = {}
    for kind, (x, y) in view.exact():
        if kind not in WALKABLE and kind not in CREATURES:
            cells[at[0] + x, at[1] + y] = kind
    if view.front and view.front not in CREATURES | WALKABLE | {"nothing"}:
        x, y = DIRECTIONS[facing]
        cells[at[0] + x, at[1] + y] = view.front
    return tuple((kind, cell) for cell, kind in cells.items())


def _moved(before: View, now: View, direction: str, facing: str) -> bool:
    target = {before.front} if direction == facing else before.possible(direction)
    if target and target <= WALKABLE:
        return True
    if target and not target & WALKABLE:
        return False
    stayed, went = _fits_staying(before, now), _fits_moving(before, now, direction)
    if stayed != went:
        return went
    return now.front in WALKABLE


def _fits_staying(before: View, now: View) -> bool:
    return _solid(before) == _solid(now)


def _solid(view: View) -> dict[str, tuple[int, int, int]]:
    return {kind: thing for kind, thing in view.static.items() if kind not in WALKABLE}


def _fits_moving(before: View, now: View, direction: str) -> bool:
    """Whether every nearest thing can be explained by the view having shifted by one cell."""
    x, y = DIRECTIONS[direction]
    for kind in _solid(before):
        shifted = [(a - x, b - y) for a, b in before.at(kind)]
        visible = [cell for cell in shifted if abs(cell[0]) <= VIEW_X and abs(cell[1]) <= VIEW_Y]
        if len(visible) < len(shifted):
            continue
        if now.steps(kind) > max(abs(a) + abs(b) for a, b in visible):
            return False
    for kind in _solid(now):
        # What is seen now and lies within the former view was already there, no nearer than
        # the nearest seen then.
        former = [(a + x, b + y) for a, b in now.at(kind)]
        inside = [cell for cell in former if abs(cell[0]) <= VIEW_X and abs(cell[1]) <= VIEW_Y]
        if len(inside) < len(former):
            continue
        if max(abs(a) + abs(b) for a, b in inside) < before.steps(kind):
            return False
    return True
