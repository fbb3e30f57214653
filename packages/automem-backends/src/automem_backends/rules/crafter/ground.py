"""What the player believes of the cells around it, and the way through them."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from automem_backends.rules.crafter.notes import Moment
from automem_backends.rules.crafter.recipes import AREA_HALF, WALKABLE
from automem_backends.rules.crafter.view import DIRECTIONS, VIEW_X, VIEW_Y, Cell, View

FREE = "free"
BLOCKED = 1e9
MOST_EXPANSIONS = 260


@dataclass(slots=True)
class Ground:
    """A patchwork of recent sightings: cell -> material, `free`, or unknown where it is absent."""

    at: Cell
    facing: str
    cells: dict[Cell, str] = field(default_factory=dict[Cell, str])
    worn: dict[Cell, int] = field(default_factory=dict[Cell, int])
    """How often each cell was stood on lately."""
    mines: bool = False
    """Whether stone can be dug through."""
    bridges: bool = False
    """Whether water can be crossed by placing and digging out stones."""

    def cost(self, cell: Cell) -> float:
        """What it takes to step on a cell, in steps."""
        kind = self.cells.get(cell)
        if kind == FREE:
            return 1.0 + 0.4 * self.worn.get(cell, 0)
        if kind is None:
            if abs(cell[0]) >= AREA_HALF or abs(cell[1]) >= AREA_HALF:
                return BLOCKED
            return 1.4
        if kind == "stone":
            return 2.4 if self.mines else BLOCKED
        if kind in {"water", "lava"}:
            return 4.5 if self.bridges else BLOCKED
        return 3.0 if self.mines and kind in {"coal"} else BLOCKED

    def first_step(self, goals: Collection[Cell]) -> str | None:
        """The direction of the first step towards the nearest goal; a goal may be an obstacle.

        Where no way is found within reach of the search, towards the cell that came nearest.
        None when the player stands on a goal or can go nowhere.
        """
        if not goals or self.at in goals:
            return None
        targets = list(goals)[:6]

        def left(cell: Cell) -> int:
            return min(abs(x - cell[0]) + abs(y - cell[1]) for x, y in targets)

        start = self.at
        frontier: list[tuple[float, int, float, Cell]] = [(left(start), 0, 0.0, start)]
        origin: dict[Cell, Cell] = {start: start}
        best = {start: 0.0}
        nearest, nearest_left, count = start, left(start), 0
        while frontier and count < MOST_EXPANSIONS:
            _, _, spent, cell = heapq.heappop(frontier)
            if spent > best[cell]:
                continue
            if cell in goals:
                return self._back(cell, origin)
            count += 1
            if left(cell) < nearest_left:
                nearest, nearest_left = cell, left(cell)
            for step in DIRECTIONS.values():
                further = (cell[0] + step[0], cell[1] + step[1])
                cost = 1.0 if further in goals else self.cost(further)
                total = spent + cost
                if cost < BLOCKED and total < best.get(further, BLOCKED):
                    best[further] = total
                    origin[further] = cell
                    rank = total + left(further)
                    heapq.heappush(frontier, (rank, count, total, further))
        return self._back(nearest, origin)

    def _back(self, cell: Cell, origin: dict[Cell, Cell]) -> str | None:
        if cell == self.at:
            return None
        while origin[cell] != self.at:
            cell = origin[cell]
        step = (cell[0] - self.at[0], cell[1] - self.at[1])
        return next(name for name, offset in DIRECTIONS.items() if offset == step)

    def beside(self, direction: str) -> str | None:
        """What is believed to be in the neighboring cell."""
        x, y = DIRECTIONS[direction]
        return self.cells.get((self.at[0] + x, self.at[1] + y))


def survey(
    at: Cell, facing: str, view: View, journal: Sequence[Moment], landmarks: dict[Cell, str]
) -> Ground:
    """Lay what was seen lately, what is on record and what is seen now over one another."""
    ground = Ground(at, facing)
    cells = ground.cells
    cells.update((cell, kind) for cell, kind in landmarks.items())
    for moment in journal:
        _clear(cells, moment.at, moment.clear)
        cells.update((cell, kind) for kind, cell in moment.sees)
        ground.worn[moment.at] = ground.worn.get(moment.at, 0) + 1
    _clear(cells, at, view.clear)
    for kind, (x, y) in view.exact():
        cells[at[0] + x, at[1] + y] = FREE if kind in WALKABLE else kind
    for name, (x, y) in DIRECTIONS.items():
        possible = view.possible(name)
        cell = (at[0] + x, at[1] + y)
        if possible and possible <= WALKABLE:
            cells[cell] = FREE
        elif len(possible) == 1:
            cells[cell] = next(iter(possible))
    if view.front:
        x, y = DIRECTIONS[facing]
        kind = FREE if view.front in WALKABLE else view.front
        cells[at[0] + x, at[1] + y] = "edge" if kind == "nothing" else kind
    cells[at] = FREE
    return ground


def _clear(cells: dict[Cell, str], at: Cell, radius: int) -> None:
    for x in range(-min(radius, VIEW_X), min(radius, VIEW_X) + 1):
        reach = min(radius - abs(x), VIEW_Y)
        for y in range(-reach, reach + 1):
            cells[at[0] + x, at[1] + y] = FREE
