"""What one observation and status of Crafter say, parsed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Cell = tuple[int, int]
DIRECTIONS: Final[Mapping[str, Cell]] = {
    "west": (-1, 0),
    "north": (0, -1),
    "south": (0, 1),
    "east": (1, 0),
}
OPPOSITE: Final = {"west": "east", "east": "west", "north": "south", "south": "north"}
WALKABLE: Final = ("grass", "sand", "path")
"""In the order in which they are tried: that of a set would differ from process to process."""
TOOL_FOR: Final = {
    "stone": "wood_pickaxe",
    "coal": "wood_pickaxe",
    "iron": "stone_pickaxe",
    "diamond": "iron_pickaxe",
}
_THING = re.compile(r"^- ([a-z-]+) (\d+) steps? to your ([a-z-]+)", re.MULTILINE)
_FRONT = re.compile(r"You face ([a-z-]+) at your front")
_VITAL = re.compile(r"^- (health|food|drink|energy): (\d+)", re.MULTILINE)
_ITEM = re.compile(r"^- ([a-z_]+): (\d+)$", re.MULTILINE)


def move(direction: str) -> str:
    """The action that goes that way."""
    return f"Move {direction.capitalize()}"


@dataclass(frozen=True, slots=True)
class View:
    """The nearest of each kind as (steps, sign of x, sign of y), vitals and what is carried."""

    things: Mapping[str, tuple[int, int, int]]
    front: str
    sleeping: bool
    vitals: Mapping[str, int]
    items: Mapping[str, int]

    def steps(self, kind: str) -> int:
        """How far the nearest of a kind is; 99 where none is seen."""
        return self.things[kind][0] if kind in self.things else 99

    def ways(self, kind: str) -> list[str]:
        """The directions in which the nearest of a kind lies: none, one or two."""
        _, x, y = self.things.get(kind, (0, 0, 0))
        return [name for name, (a, b) in DIRECTIONS.items() if (a and a == x) or (b and b == y)]

    def cell(self, kind: str) -> Cell | None:
        """Where the nearest of a kind is from here, if it lies in a straight line."""
        steps, x, y = self.things.get(kind, (0, 0, 0))
        return None if bool(x) == bool(y) else (x * steps, y * steps)

    def has(self, item: str, count: int = 1) -> bool:
        """Whether so many are carried."""
        return self.items.get(item, 0) >= count

    def mines(self, kind: str) -> bool:
        """Whether a kind can be dug out with the tool that is carried."""
        return kind in TOOL_FOR and self.has(TOOL_FOR[kind])

    def blocked(self, direction: str, facing: str | None) -> bool:
        """Whether something that cannot be walked on or dug is known to stand that way."""
        if direction == facing:
            return self.front not in WALKABLE and not self.mines(self.front)
        for kind, (steps, x, y) in self.things.items():
            if steps == 1 and DIRECTIONS[direction] == (x, y):
                return kind not in WALKABLE and not self.mines(kind)
        return False

    def near(self, kind: str) -> bool:
        """Whether one stands on the 3 x 3 cells around, as crafting needs it."""
        steps, x, y = self.things.get(kind, (99, 0, 0))
        return self.front == kind or steps == 1 or (steps == 2 and bool(x) and bool(y))


def read_view(observation: str, status: str) -> View:
    """Take an observation and its status apart."""
    things: dict[str, tuple[int, int, int]] = {}
    for kind, steps, where in _THING.findall(observation):
        sign_x = ("east" in where) - ("west" in where)
        sign_y = ("south" in where) - ("north" in where)
        things[kind] = (int(steps), sign_x, sign_y)
    front = _FRONT.search(observation)
    listed = status.partition("Your inventory:")[2]
    return View(
        things=things,
        front=front[1] if front else "nothing",
        sleeping="You are sleeping" in observation,
        vitals={name: int(value) for name, value in _VITAL.findall(status)},
        items={name: int(count) for name, count in _ITEM.findall(listed)},
    )
