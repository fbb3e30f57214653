"""The language observation: what is on the screen, how far away, and in which direction.

Named things of the whole screen come first, then what eight rays from the player meet. Lines go
from far to near and clockwise from north. Ported from the behavior of nle-language-wrapper.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from operator import itemgetter
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from automem_envs.nethack.engine import MAP_COLUMNS, MAP_ROWS
from automem_envs.nethack.glyphs import OPAQUE, glyph_names, plural

Wording = Literal["true", "balrog"]

DIRECTIONS: Final = (
    "north",
    "northnortheast",
    "northeast",
    "eastnortheast",
    "east",
    "eastsoutheast",
    "southeast",
    "southsoutheast",
    "south",
    "southsouthwest",
    "southwest",
    "westsouthwest",
    "west",
    "westnorthwest",
    "northwest",
    "northnorthwest",
)
DISTANCES: Final = ("very far", "far", "near", "very near", "adjacent")
_TRUE_DISTANCES: Final = (
    "20+ steps away",
    "6-19 steps away",
    "3-5 steps away",
    "2 steps away",
    "1 step away",
)
_PAPER_WORDS: Final = {
    "very far": "9+ steps away",
    "very near": "2 steps away",
    "far": "5-8 steps away",
    "near": "3-4 steps away",
    "adjacent": "1 step away (directly reachable)",
}
_RAYS: Final = (
    (1, 0, 4),
    (1, 1, 6),
    (0, 1, 8),
    (-1, 1, 10),
    (-1, 0, 12),
    (-1, -1, 14),
    (0, -1, 0),
    (1, -1, 2),
)
"""Steps to the east and to the south and the direction, in the order of following them."""
_RAY_LENGTH: Final = 9
_ONE_LINE: Final = 2 * MAP_COLUMNS
_CELLS: Final = np.array(
    [row * _ONE_LINE + column for row in range(MAP_ROWS) for column in range(MAP_COLUMNS)]
)
"""Where each cell of the map lies in a table with lines twice as long."""


def between(direction: str) -> str:
    """One of the eight finer directions in plainer words: `between north and northeast`."""
    for main in ("north", "east", "south", "west"):
        rest = direction.removeprefix(main)
        if rest != direction and len(rest) > len("north") and rest in DIRECTIONS:
            return f"between {main} and {rest}"
    return direction


_PAPER_DIRECTIONS: Final = {d: between(d) for d in DIRECTIONS if between(d) != d}


def reworded(text: str) -> str:
    """The text as the paper words it, everywhere; its distances are not the true ones."""
    for said, instead in (_PAPER_WORDS | _PAPER_DIRECTIONS).items():
        text = text.replace(said, instead)
    return text


def place(dx: int, dy: int) -> tuple[int, int]:
    """Which of DISTANCES and DIRECTIONS a cell `dx` east and `dy` south lies in.

    The player's own cell is very far in no direction, as the wrapper has it; -1 is no direction.
    """
    far = max(abs(dx), abs(dy))
    distance = 4 if far == 1 else 3 if far == 2 else 2 if 2 < far < 6 else 1 if 5 < far < 20 else 0
    diagonal = min(abs(dx), abs(dy))
    slant = ("south" if dy > 0 else "north") + ("west" if dx < 0 else "east") if diagonal else ""
    straight = ""
    if abs(dy) > diagonal:
        straight = "south" if dy > 0 else "north"
    elif abs(dx) > diagonal:
        straight = "west" if dx < 0 else "east"
    name = straight + slant
    return distance, DIRECTIONS.index(name) if name else -1


_RAY_DISTANCES: Final = tuple(16 * place(steps, 0)[0] for steps in range(_RAY_LENGTH + 1))


class _Tables(NamedTuple):
    """What describing takes; the same for every game of an engine."""

    codes: npt.NDArray[np.int32]
    """16 times the distance plus the direction, by the difference of two cells."""
    named: npt.NDArray[np.bool_]
    """Glyphs told of wherever they are on the screen."""
    opaque: frozenset[int]
    """Glyphs that end a ray."""


@cache
def _tables() -> _Tables:
    codes = np.full((2 * MAP_ROWS, _ONE_LINE), -1, np.int32)
    for dy in range(1 - MAP_ROWS, MAP_ROWS):
        for dx in range(1 - MAP_COLUMNS, MAP_COLUMNS):
            if (dx, dy) != (0, 0):
                distance, direction = place(dx, dy)
                codes[dy + MAP_ROWS, dx + MAP_COLUMNS] = 16 * distance + direction
    names, ray_names = glyph_names()
    return _Tables(
        codes=codes,
        named=np.array([bool(name) for name in names]),
        opaque=frozenset(g for g, name in enumerate(ray_names) if name in OPAQUE),
    )


class Language:
    """Describes screens in one wording."""

    __slots__ = ("_codes", "_directions", "_named", "_names", "_opaque", "_ray_names", "_words")

    def __init__(self, wording: Wording) -> None:
        self._codes, self._named, self._opaque = _tables()
        self._names, self._ray_names = glyph_names()
        true = wording == "true"
        self._words = _TRUE_DISTANCES if true else DISTANCES
        self._directions = tuple(between(d) for d in DIRECTIONS) if true else DIRECTIONS

    def describe(self, glyphs: npt.NDArray[np.int16], x: int, y: int) -> str:
        """One line for each kind of thing at each distance; the player is at column x, row y."""
        flat = glyphs.reshape(-1)
        where = np.flatnonzero(self._named[flat])
        origin = (MAP_ROWS - y) * _ONE_LINE + MAP_COLUMNS - x
        codes = self._codes.take(_CELLS[where] + origin).tolist()
        names = self._names
        found: list[tuple[int, str]] = [
            (code, names[glyph])
            for code, glyph in zip(codes, flat[where].tolist(), strict=True)
            if code >= 0
        ]
        found += self._rays(flat, x, y)
        found.sort(key=itemgetter(0))
        return "\n".join(self._lines(found))

    def cursor(self, glyphs: npt.NDArray[np.int16], x: int, y: int, column: int, row: int) -> str:
        """What the cursor, at a column and row of the terminal, points at; empty off the map."""
        row -= 1
        cell = column + row * MAP_COLUMNS
        dx, dy = column - x, row - y
        inside = -MAP_COLUMNS <= dx < MAP_COLUMNS and -MAP_ROWS < dy <= MAP_ROWS
        if not inside or not 0 < cell < MAP_ROWS * MAP_COLUMNS:
            return ""
        name = self._names[int(glyphs.reshape(-1)[cell])]
        if (dx, dy) == (0, 0):
            return f"Yourself a {name}"
        distance, direction = place(dx, dy)
        return f"{self._words[distance]} {self._directions[direction]} {name}"

    def _rays(self, flat: npt.NDArray[np.int16], x: int, y: int) -> Iterable[tuple[int, str]]:
        names, ray_names = self._names, self._ray_names
        for dx, dy, direction in _RAYS:
            across = MAP_COLUMNS - 1 - x if dx > 0 else x if dx < 0 else _RAY_LENGTH
            down = MAP_ROWS - 1 - y if dy > 0 else y if dy < 0 else _RAY_LENGTH
            reach = min(across, down, _RAY_LENGTH)
            stride = dx + dy * MAP_COLUMNS
            start = x + y * MAP_COLUMNS + stride
            cells: list[int] = flat[start::stride][:reach].tolist() if reach > 0 else []
            for steps, glyph in enumerate(cells, start=1):
                name = ray_names[glyph]
                if name and not names[glyph]:
                    yield _RAY_DISTANCES[steps] + direction, name
                    if glyph in self._opaque:
                        break

    def _lines(self, found: list[tuple[int, str]]) -> Iterable[str]:
        """Join the directions in which the same thing lies at the same distance.

        Where it lies several times in a direction it is told of in the plural. The plural of
        some words is the same; their line of single ones then repeats that of several ones.
        """
        groups: dict[tuple[str, int], dict[int, int]] = {}
        for code, name in found:
            counted = groups.setdefault((name, code >> 4), {})
            direction = code & 15
            counted[direction] = counted.get(direction, 0) + 1
        lines: list[tuple[str, int]] = []
        directions: dict[tuple[str, int], list[int]] = {}
        for (name, distance), counted in groups.items():
            single = [d for d, count in counted.items() if count == 1]
            several = [d for d, count in counted.items() if count > 1]
            if single:
                lines.append((name, distance))
                directions[name, distance] = single
            if several:
                lines.append((plural(name), distance))
                directions[plural(name), distance] = several
        for name, distance in lines:
            told = self._listed(directions[name, distance])
            yield f"{name} {self._words[distance]} {told}"

    def _listed(self, directions: list[int]) -> str:
        told = [self._directions[direction] for direction in directions]
        if len(told) < 3:
            return " and ".join(told)
        return f"{', '.join(told[:-1])}, and {told[-1]}"
