"""Directions and places on NetHack's screen: x is the column, y the row of the terminal."""

from __future__ import annotations

from typing import Final

Cell = tuple[int, int]

DIRECTIONS: Final[dict[str, Cell]] = {
    "north": (0, -1),
    "east": (1, 0),
    "south": (0, 1),
    "west": (-1, 0),
    "northeast": (1, -1),
    "southeast": (1, 1),
    "southwest": (-1, 1),
    "northwest": (-1, -1),
}
NAMES: Final[dict[Cell, str]] = {offset: name for name, offset in DIRECTIONS.items()}
STRAIGHT: Final = ("north", "east", "south", "west")


def beside(cell: Cell, direction: str) -> Cell:
    """The cell next to a cell."""
    x, y = DIRECTIONS[direction]
    return (cell[0] + x, cell[1] + y)


def apart(one: Cell, other: Cell) -> int:
    """How many moves lie between two cells with nothing in the way."""
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))


def direction_of(one: Cell, other: Cell) -> str | None:
    """The direction in which `other` lies exactly; None if it lies in none of the eight."""
    x, y = other[0] - one[0], other[1] - one[1]
    if (x, y) == (0, 0) or (x and y and abs(x) != abs(y)):
        return None
    return NAMES[(x > 0) - (x < 0), (y > 0) - (y < 0)]


def between(one: Cell, other: Cell) -> list[Cell]:
    """The cells of a straight way after `one` up to `other`; just `other` if it is not straight."""
    name = direction_of(one, other)
    if name is None:
        return [other]
    cells, cell = list[Cell](), one
    while cell != other:
        cell = beside(cell, name)
        cells.append(cell)
    return cells
