"""The level as the player can walk it: what the map shows, with what the notes add."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache

from automem_backends.rules.nethack.compass import DIRECTIONS, Cell, beside
from automem_backends.rules.nethack.notes import Level
from automem_backends.rules.nethack.screen import HEIGHT, WIDTH, Screen, is_creature

BOULDER, TRAP, UNKNOWN = "`", "^", " "
_FREE = frozenset(".#<>_{\\)[=*(%!?/$\"'+@") | frozenset("0")
_OFFSETS: tuple[tuple[int, bool], ...] = tuple(
    (y * WIDTH + x, bool(x and y)) for x, y in DIRECTIONS.values()
)
_AROUND = tuple(offset for offset, _ in _OFFSETS)


@dataclass(frozen=True, slots=True)
class Ways:
    """The shortest ways from where the character stands."""

    steps: list[int]
    """By index; -1 where no way leads."""
    came: list[int]

    def to(self, cell: Cell) -> int:
        """How many moves lead to a cell; -1 if none do."""
        return self.steps[index_of(cell)]

    def path(self, cell: Cell) -> list[Cell]:
        """The cells of the way to a cell that can be reached, without the start."""
        path, index = list[Cell](), index_of(cell)
        while self.came[index] >= 0:
            path.append(cell_of(index))
            index = self.came[index]
        return path[::-1]


@dataclass(slots=True)
class Ground:
    """One level."""

    screen: Screen
    level: Level
    barred: frozenset[Cell] = frozenset()
    """Cells that something stands on that is not to be attacked."""
    doors: set[int] = field(default_factory=set[int])
    """Indices of cells that can be entered and left only straight."""
    shut: set[Cell] = field(default_factory=set[Cell])
    """Closed doors."""

    def __post_init__(self) -> None:
        self.doors, self.shut = _doors(self.screen.cells)
        self.doors |= {index_of(cell) for cell in self.level.cells("doorway")}
        self.doors |= {
            index_of(beside(self.screen.at, direction))
            for direction, name in self.screen.names.items()
            if "open door" in name
        }
        locked = {cell for cell in self.level.cells("locked") if self.screen.char(cell) == "+"}
        self.shut |= locked
        self.doors |= {index_of(cell) for cell in locked}
        if self.screen.at in self.level.cells("doorway"):
            self.doors.add(index_of(self.screen.at))

    def ways(self, *, bold: bool = False) -> Ways:
        """Ways over what can be walked; a bold one also pushes boulders and crosses traps."""
        passable = bytearray(_passable(self.screen.cells, bold))
        closed = (
            ("blocked", "locked", "closed") if bold else ("blocked", "locked", "closed", "trap")
        )
        for cell, kinds in self.level.places.items():
            if any(kind in kinds for kind in closed) and self._holds(cell, kinds):
                passable[index_of(cell)] = 0
        for cell in self.barred:
            passable[index_of(cell)] = 0
        for index in self.doors:
            if self.screen.cells[index] in "|-" and not self._barrier(index):
                passable[index] = 1
        return self._spread(index_of(self.screen.at), passable)

    def _barrier(self, index: int) -> bool:
        kinds = self.level.places.get(cell_of(index), {})
        return "blocked" in kinds

    def _holds(self, cell: Cell, kinds: dict[str, int]) -> bool:
        """Whether what was noted of an obstacle can still be so."""
        return "locked" not in kinds or "blocked" in kinds or cell in self.shut

    def _spread(self, start: int, passable: bytearray) -> Ways:
        steps, came = [-1] * len(passable), [-1] * len(passable)
        steps[start] = 0
        queue, doors = deque([start]), self.doors
        while queue:
            index = queue.popleft()
            straight, further = index in doors, steps[index] + 1
            for offset, diagonal in _OFFSETS:
                other = index + offset
                if steps[other] >= 0 or not passable[other]:
                    continue
                if diagonal and (straight or other in doors):
                    continue
                steps[other], came[other] = further, index
                queue.append(other)
        return Ways(steps, came)

    def fringe(self) -> list[Cell]:
        """Cells that can be walked, border on the unknown and were not walked yet."""
        walked = self.level.cells("walked")
        doors = (cell_of(index) for index in self.doors)
        return [
            cell
            for cell in dict.fromkeys((*_bordering(self.screen.cells), *doors))
            if cell not in walked
        ]

    def borders(self, cell: Cell) -> bool:
        """Whether something unknown lies around a cell."""
        return _unknown_around(self.screen.cells, index_of(cell))

    def passages(self, cell: Cell) -> int:
        """How many of the cells around can be walked."""
        index, passable = index_of(cell), _passable(self.screen.cells, True)  # noqa: FBT003
        return sum(passable[index + offset] for offset in _AROUND)


def index_of(cell: Cell) -> int:
    """The place of a cell in the map's text."""
    return cell[1] * WIDTH + cell[0]


def cell_of(index: int) -> Cell:
    """The cell at a place of the map's text."""
    return (index % WIDTH, index // WIDTH)


@lru_cache(maxsize=8)
def _passable(cells: str, bold: bool) -> bytes:  # noqa: FBT001
    extra = BOULDER + TRAP if bold else ""
    inside = WIDTH * (HEIGHT - 2)
    return bytes(
        index < inside and (char in _FREE or char in extra or is_creature(char))
        for index, char in enumerate(cells)
    ) + bytes(WIDTH + 1)


@lru_cache(maxsize=8)
def _bordering(cells: str) -> tuple[Cell, ...]:
    passable = _passable(cells, True)  # noqa: FBT003
    return tuple(
        cell_of(index)
        for index, char in enumerate(cells)
        if char != UNKNOWN and passable[index] and _unknown_around(cells, index)
    )


def _unknown_around(cells: str, index: int) -> bool:
    return (
        cells[index - WIDTH - 1 : index - WIDTH + 2].count(UNKNOWN)
        + cells[index + WIDTH - 1 : index + WIDTH + 2].count(UNKNOWN)
        + (cells[index - 1] == UNKNOWN)
        + (cells[index + 1] == UNKNOWN)
    ) > 0


@lru_cache(maxsize=8)
def _door_cells(cells: str) -> tuple[frozenset[int], frozenset[Cell]]:
    doors, shut = set[int](), set[Cell]()
    for index, char in enumerate(cells):
        if char not in "+|-":
            continue
        if index < WIDTH or index >= WIDTH * (HEIGHT - 2):
            continue
        across = cells[index - 1] in "-|" and cells[index + 1] in "-|"
        along = cells[index - WIDTH] in "|-" and cells[index + WIDTH] in "|-"
        if char == "+" and (across or along):
            doors.add(index)
            shut.add(cell_of(index))
        elif char == "|":
            if cells[index - 1] == "-" and cells[index + 1] == "-":
                doors.add(index)
        elif char == "-" and cells[index - WIDTH] == "|" and cells[index + WIDTH] == "|":
            doors.add(index)
    return frozenset(doors), frozenset(shut)


def _doors(cells: str) -> tuple[set[int], set[Cell]]:
    doors, shut = _door_cells(cells)
    return set(doors), set(shut)
