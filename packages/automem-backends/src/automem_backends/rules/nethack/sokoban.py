"""A bounded search for the moves that push every box onto a goal.

Sets of cells are the bits of integers, so that flooding what can be reached costs few operations.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from automem_backends.rules.nethack.compass import Cell

GREED = 5
"""How much more what is left to push counts than the moves made."""
_HOPELESS = 10_000


@dataclass(frozen=True, slots=True)
class Puzzle:
    """A level with boxes, cells as (x, y)."""

    floor: frozenset[Cell]
    """Where player and boxes can be."""
    goals: frozenset[Cell]
    boxes: frozenset[Cell]
    player: Cell


@dataclass(slots=True)
class Board:
    """A puzzle's fixed parts as bits."""

    width: int
    free: int
    goals: int
    steps: tuple[tuple[str, int], ...]
    """Name of a direction and how far it shifts a bit; negative is downwards."""
    distances: dict[int, tuple[int, ...]]
    """Bit of a cell -> fewest pushes to each goal, by goal."""
    left: dict[int, int] = field(default_factory=dict[int, int])
    """Boxes -> lower bound of the pushes that are left, as far as worked out."""

    def pushes_left(self, boxes: int) -> int:
        """A lower bound of the pushes until every box has a goal of its own."""
        known = self.left.get(boxes)
        if known is None:
            rows = [self.distances.get(bit, ()) for bit in bits(boxes)]
            known = _HOPELESS if () in rows else _assign(tuple(rows), 0, 0)
            self.left[boxes] = known
        return known

    def frozen(self, bit: int, boxes: int) -> bool:
        """Whether a box just pushed forms a block of four that never moves again."""
        width, solid = self.width, ~self.free | boxes
        for down in (0, -width):
            for right in (0, -1):
                corner = _shift(bit, down + right)
                block = corner | corner << 1 | corner << width | corner << (width + 1)
                if solid & block == block and boxes & block & ~self.goals:
                    return True
        return False


def solve(puzzle: Puzzle, most_expansions: int) -> tuple[str, ...]:
    """The moves of a solution; none if none was found within the bound."""
    origin, width = _frame(puzzle)
    board = _board(puzzle, origin, width)
    boxes = _mask(puzzle.boxes, origin, width)
    player = _mask([puzzle.player], origin, width)
    tie = count()
    first = board.pushes_left(boxes)
    if first >= _HOPELESS:
        return ()
    queue: list[tuple[int, int, int, int, int]] = [(first * GREED, next(tie), 0, boxes, player)]
    came: dict[tuple[int, int], tuple[int, int, int, str]] = {(boxes, player): (0, 0, 0, "")}
    best: dict[tuple[int, int], int] = {}
    for _ in range(most_expansions):
        if not queue:
            return ()
        _, _, moves, boxes, player = heapq.heappop(queue)
        if boxes & ~board.goals == 0:
            return _retrace(board, came, boxes, player)
        layers = _flood(player, board.free & ~boxes, board)
        region = layers[-1]
        key = (boxes, region & -region)
        if best.get(key, _HOPELESS) <= moves:
            continue
        best[key] = moves
        for name, bit, pushed, walk in _pushes(board, boxes, layers):
            total = moves + walk + 1
            left = board.pushes_left(pushed)
            state = (pushed, bit)
            if left >= _HOPELESS or board.frozen(pushed & ~boxes, pushed):
                continue
            known = came.get(state)
            if known is None or known[2] > total:
                came[state] = (boxes, player, total, name)
                heapq.heappush(queue, (total + left * GREED, next(tie), total, pushed, bit))
    return ()


def bits(mask: int) -> Iterator[int]:
    """Each single bit of a mask."""
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit


def _pushes(board: Board, boxes: int, layers: list[int]) -> Iterator[tuple[str, int, int, int]]:
    """Direction, the player's new bit, the new boxes and the steps walked, for every push."""
    region = layers[-1]
    open_cells = board.free & ~boxes
    for name, shift in board.steps:
        pushable = boxes & _shift(region, shift) & _shift(open_cells, -shift)
        for bit in bits(pushable):
            behind = _shift(bit, -shift)
            walk = next(steps for steps, layer in enumerate(layers) if layer & behind)
            yield name, bit, boxes ^ bit | _shift(bit, shift), walk


def _flood(start: int, free: int, board: Board) -> list[int]:
    """What can be reached within 0, 1, 2, ... steps."""
    width, region, layers = board.width, start, [start]
    while True:
        wider = region | (region << 1 | region >> 1 | region << width | region >> width) & free
        if wider == region:
            return layers
        layers.append(wider)
        region = wider


def _retrace(
    board: Board, came: dict[tuple[int, int], tuple[int, int, int, str]], boxes: int, player: int
) -> tuple[str, ...]:
    moves: list[str] = []
    while name := came[boxes, player][3]:
        before, stood, _, _ = came[boxes, player]
        shift = dict(board.steps)[name]
        moves.append(name)
        moves += _walk(board, before, stood, _shift(player, -shift))[::-1]
        boxes, player = before, stood
    return tuple(moves[::-1])


def _walk(board: Board, boxes: int, start: int, end: int) -> list[str]:
    """The steps of a shortest way past the boxes."""
    layers = _flood(start, board.free & ~boxes, board)
    steps: list[str] = []
    at = end
    distance = next(index for index, layer in enumerate(layers) if layer & end)
    for index in range(distance - 1, -1, -1):
        for name, shift in board.steps:
            before = _shift(at, -shift)
            if layers[index] & before:
                steps.append(name)
                at = before
                break
    return steps[::-1]


def _frame(puzzle: Puzzle) -> tuple[Cell, int]:
    xs, ys = [x for x, _ in puzzle.floor], [y for _, y in puzzle.floor]
    return (min(xs) - 1, min(ys) - 1), max(xs) - min(xs) + 3


def _mask(cells: frozenset[Cell] | list[Cell], origin: Cell, width: int) -> int:
    mask = 0
    for x, y in cells:
        mask |= 1 << ((y - origin[1]) * width + x - origin[0])
    return mask


def _board(puzzle: Puzzle, origin: Cell, width: int) -> Board:
    steps = (("north", -width), ("east", 1), ("south", width), ("west", -1))
    free = _mask(puzzle.floor, origin, width)
    goals = _mask(puzzle.goals, origin, width)
    distances: dict[int, list[int]] = {}
    for index, goal in enumerate(bits(goals)):
        layer, seen, pushes = goal, goal, 0
        while layer:
            for bit in bits(layer):
                row = distances.setdefault(bit, [_HOPELESS] * len(puzzle.goals))
                row[index] = pushes
            pulled = 0
            for _, shift in steps:
                # A box comes from where the player can stand behind it.
                pulled |= _shift(layer, -shift) & free & _shift(free, shift)
            layer = pulled & ~seen
            seen |= layer
            pushes += 1
    return Board(
        width=width,
        free=free,
        goals=goals,
        steps=steps,
        distances={bit: tuple(row) for bit, row in distances.items()},
    )


def _assign(rows: tuple[tuple[int, ...], ...], row: int, taken: int) -> int:
    """The cheapest way to give each box a goal of its own."""
    if row == len(rows):
        return 0
    best = _HOPELESS
    for goal, pushes in enumerate(rows[row]):
        if pushes < best and not taken >> goal & 1:
            best = min(best, pushes + _assign(rows, row + 1, taken | 1 << goal))
    return best


def _shift(mask: int, by: int) -> int:
    return mask << by if by >= 0 else mask >> -by
