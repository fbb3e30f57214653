"""The line in which the player keeps where it is and what it is after.

It begins with @, so that a search for this sign finds the lines that say where the player was.
Whether the last action moved it is said before the place: one thing at a time is easier to learn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from automem_tiny.teacher.view import Cell

DONE_WORDS: Final = {
    "collect_drink": "drink",
    "eat_cow": "cow",
    "wake_up": "sleep",
    "place_plant": "plant",
    "place_stone": "stone",
    "place_furnace": "furnace",
}
"""What is kept of the achievements: those that the inventory does not show."""
_STATE = re.compile(
    r"^(?:\d+: )?@(north|south|west|east) (moved|still) (-?\d+),(-?\d+), want ([a-z]+)"
    r"(?: (-?\d+),(-?\d+))?"
    r"(?:, go (north|south|west|east) (\d+))?(?:, done ([a-z ]+))?$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class State:
    """Position, facing, goal, and the way that is kept to for some steps."""

    at: Cell = (0, 0)
    facing: str = "south"
    want: str = "tree"
    target: Cell | None = None
    go: tuple[str, int] | None = None
    """A direction, and for how many more steps."""
    done: frozenset[str] = frozenset()
    moved: bool = False
    """Whether the last action led here."""

    def text(self) -> str:
        """The line itself."""
        how = "moved" if self.moved else "still"
        parts = [f"@{self.facing} {how} {self.at[0]},{self.at[1]}, want {self.want}"]
        if self.target:
            parts[0] += f" {self.target[0]},{self.target[1]}"
        if self.go:
            parts.append(f"go {self.go[0]} {self.go[1]}")
        if self.done:
            parts.append("done " + " ".join(w for w in DONE_WORDS.values() if w in self.done))
        return ", ".join(parts)


def read_state(texts: Iterable[str]) -> State | None:
    """The last state that the texts show; None where they show none."""
    last = None
    for text in texts:
        for found in _STATE.finditer(text):
            last = found
    if last is None:
        return None
    facing, how, x, y, want, target_x, target_y, way, steps, done = last.groups()
    return State(
        at=(int(x), int(y)),
        facing=facing,
        want=want,
        target=(int(target_x), int(target_y)) if target_x else None,
        go=(way, int(steps)) if way else None,
        done=frozenset((done or "").split()),
        moved=how == "moved",
    )
