"""What a decision rests on: the view, the notes recalled so far, and what is yet to be recalled."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from automem_backends.rules.crafter.ground import Ground
from automem_backends.rules.crafter.notes import Notes
from automem_backends.rules.crafter.recipes import CREATURES, PICKAXE_FOR, TOOLS, WALKABLE
from automem_backends.rules.crafter.view import DIRECTIONS, MOVES, VIEW_X, VIEW_Y, Cell, Scene


@dataclass(slots=True)
class Situation:
    """One step, as far as prompt and memory show it."""

    scene: Scene
    notes: Notes
    ground: Ground
    step: int
    luck: int
    """A number that varies habits without meaning anything."""
    recalled: Collection[str]
    """The subjects that were looked up already: kinds of landmarks, `done`, `explored`."""
    wanted: list[str] = field(default_factory=list[str])
    """Subjects a decision would like to look up first."""

    @property
    def at(self) -> Cell:
        """Where the player believes to be."""
        return self.ground.at

    def knows(self, subject: str) -> bool:
        """Whether a subject was looked up; if not, it is wanted from now on."""
        if subject in self.recalled:
            return True
        if subject not in self.wanted:
            self.wanted.append(subject)
        return False

    def done(self, achievement: str) -> bool:
        """Whether something is on record as achieved, or can be told from what is carried."""
        if achievement.removeprefix("make_") in self.scene.status.items:
            return True
        return self.knows("done") and achievement in self.notes.done

    def can_mine(self, kind: str) -> bool:
        """Whether the pickaxe for a material is carried."""
        tool = PICKAXE_FOR.get(kind)
        return tool is None or self.scene.status.has(tool)

    def seen(self, kind: str) -> set[Cell]:
        """Where the nearest of a kind in view may be."""
        x, y = self.at
        return {(x + a, y + b) for a, b in self.scene.now.at(kind)} - {
            cell for cell, known in self.ground.cells.items() if known != kind
        }

    def remembered(self, kind: str) -> set[Cell]:
        """Where a kind is on record, leaving out what the view shows to be gone."""
        if not self.knows(kind):
            return set()
        cells = {cell for cell, noted in self.notes.landmarks.items() if noted == kind}
        return {cell for cell in cells if not self._disproved(kind, cell)}

    def nearest(self, kind: str) -> Cell | None:
        """The nearest place on record of a kind."""
        return min(self.remembered(kind), key=self.distance, default=None)

    def distance(self, cell: Cell) -> int:
        """Steps to a cell, obstacles apart."""
        return abs(cell[0] - self.at[0]) + abs(cell[1] - self.at[1])

    def adjacent(self, kind: str) -> bool:
        """Whether a kind stands within the 3x3 cells around the player, as crafting needs it."""
        cells = self.seen(kind)
        if self.scene.now.front == kind:
            cells.add(self._front_cell)
        cells |= {cell for cell, known in self.ground.cells.items() if known == kind}
        return any(max(abs(x - self.at[0]), abs(y - self.at[1])) <= 1 for x, y in cells)

    def toward(self, cells: Collection[Cell]) -> str | None:
        """The action that leads to the nearest of some cells: a move, or clearing the way."""
        direction = self.ground.first_step(cells)
        return None if direction is None else self.go(direction)

    def go(self, direction: str) -> str:
        """Step in a direction, digging or bridging where something is in the way."""
        if direction == self.ground.facing:
            front = self.scene.now.front
            if front in {"stone", "coal"} and self.can_mine(front):
                return "Do"
            if front in {"water", "lava"} and self.ground.bridges:
                return "Place Stone"
            if front in {"zombie", "skeleton", "cow"}:
                return "Do"
        return MOVES[direction]

    def turn_to(self, kind: str) -> str | None:
        """Act on a kind that stands next to the player, or turn to it; None if none does."""
        if self.scene.now.front == kind:
            return "Do"
        for cell in self.seen(kind):
            if self.distance(cell) == 1:
                offset = (cell[0] - self.at[0], cell[1] - self.at[1])
                return next(MOVES[name] for name, step in DIRECTIONS.items() if step == offset)
        return None

    def reach(self, kind: str) -> str | None:
        """Walk to a kind in view or on record and act on it."""
        action = self.turn_to(kind)
        if action is not None:
            return action
        seen = self.seen(kind)
        if seen:
            return self.toward(seen)
        known = self.nearest(kind)
        return None if known is None else self.toward({known})

    def missing(self, tool: str) -> dict[str, int]:
        """What a tool still lacks, item by item."""
        items = self.scene.status.items
        uses = TOOLS[tool].uses
        return {
            item: count - items.get(item, 0) for item, count in uses if items.get(item, 0) < count
        }

    @property
    def front_free(self) -> bool:
        """Whether the cell ahead is free ground."""
        return self.scene.now.front in WALKABLE

    @property
    def _front_cell(self) -> Cell:
        x, y = DIRECTIONS[self.ground.facing]
        return (self.at[0] + x, self.at[1] + y)

    def _disproved(self, kind: str, cell: Cell) -> bool:
        x, y = cell[0] - self.at[0], cell[1] - self.at[1]
        if abs(x) > VIEW_X or abs(y) > VIEW_Y or kind in CREATURES:
            return False
        return abs(x) + abs(y) < self.scene.now.steps(kind) or (
            self.ground.cells.get(cell, kind) != kind
        )
