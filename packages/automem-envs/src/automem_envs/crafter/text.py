"""What the player reads: the nearest of each kind in view, what it faces, vitals and inventory.

The wording is the benchmark's. Kinds come in the order in which they first appear, column by
column from the west; of several equally near ones the first found counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from automem_envs.crafter.game import KINDS, VIEW

_COLUMNS, _ROWS = VIEW
_MIDDLE: Final = (_COLUMNS // 2, _ROWS // 2)
_HIDDEN: Final = frozenset({0, KINDS.index("player")})
_VITALS: Final = ("health", "food", "drink", "energy")
_SLEEPING: Final = "You are sleeping, and will not be able take actions until energy is full.\n\n"
_DIED: Final = "You died.\n\n"


def _direction(dx: int, dy: int) -> str:
    north = "north" if dy < 0 else "south" if dy > 0 else ""
    west = "west" if dx < 0 else "east" if dx > 0 else ""
    return "-".join(part for part in (north, west) if part)


def _distance(cell: int) -> int:
    x, y = divmod(cell, _ROWS)
    return abs(x - _MIDDLE[0]) + abs(y - _MIDDLE[1])


def _place(cell: int) -> str:
    x, y = divmod(cell, _ROWS)
    steps = _distance(cell)
    direction = _direction(x - _MIDDLE[0], y - _MIDDLE[1])
    return f"{steps} step{'' if steps == 1 else 's'} to your {direction}"


_BY_DISTANCE: Final = tuple(sorted(range(_COLUMNS * _ROWS), key=_distance))
_NEAREST_FIRST: Final = np.array(_BY_DISTANCE)
_PLACES: Final = tuple(_place(cell) for cell in _BY_DISTANCE)


def seen(cells: npt.NDArray[np.uint8] | None, facing: tuple[int, int]) -> str:
    """The two paragraphs on what is around; None is a view of nothing.

    `cells` has a column for each x and a row for each y of the view; `facing` is a step.
    """
    if cells is None:
        return "You see nothing away from you.\n\nYou face nothing at your front."
    flat = cells.reshape(-1)
    nearest_first = flat[_NEAREST_FIRST].tobytes()
    lines = [
        f"- {KINDS[kind]} {_PLACES[nearest_first.index(kind)]}"
        for kind in dict.fromkeys(flat.tobytes())
        if kind not in _HIDDEN
    ]
    around = "You see:\n" + "\n".join(lines) if lines else "You see nothing away from you."
    front = KINDS[cells[_MIDDLE[0] + facing[0], _MIDDLE[1] + facing[1]]] or "nothing"
    return f"{around}\n\nYou face {front} at your front."


def condition(*, sleeping: bool, dead: bool) -> str:
    """The sentence before everything else; sleep comes first, as in the benchmark."""
    if sleeping:
        return _SLEEPING
    return _DIED if dead else ""


def status(inventory: Mapping[str, int], items: Mapping[str, Mapping[str, Any]]) -> str:
    """Vitals of their maximum, then what is carried, in crafter's order."""
    vitals = "".join(f"- {name}: {inventory[name]}/{items[name]['max']}\n" for name in _VITALS)
    carried = [
        f"- {name}: {count}"
        for name, count in inventory.items()
        if count > 0 and name not in _VITALS
    ]
    held = "Your inventory:\n" + "\n".join(carried) if carried else ""
    return f"Your status:\n{vitals}\n{held or 'You have nothing in your inventory.'}"
