"""The grid: learning rate, epochs and rank in powers of two around the best point so far."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, NamedTuple

from automem.records.training import MOST_RANK

MOVES: Final[tuple[tuple[float, float, float], ...]] = (
    (1, 1, 1),
    (2, 1, 1),
    (1, 2, 1),
    (1, 1, 2),
    (0.5, 1, 1),
    (1, 1, 0.5),
    (2, 2, 1),
    (2, 1, 2),
    (1, 2, 2),
    (4, 1, 1),
    (0.5, 2, 1),
    (0.5, 1, 2),
    (1, 0.5, 1),
)
"""What learning rate, epochs and rank are multiplied by, in the order in which it is tried."""
HIGHEST_RATE: Final = 5e-3
MOST_EPOCHS: Final = 12
_NAME = re.compile(r"\brank(\d{1,3})-rate(\d[\de.+-]*\d|\d)-epochs(\d{1,3})\b")


class Point(NamedTuple):
    """One point; everything else of its settings is as in the recipe that is begun with."""

    rank: int
    learning_rate: float
    epochs: int

    @property
    def name(self) -> str:
        """One word; the same point has the same name in any run."""
        return f"rank{self.rank}-rate{self.learning_rate:g}-epochs{self.epochs}"


def named_points(text: str) -> tuple[Point, ...]:
    """Every point that a text names, in its order."""
    return tuple([Point(int(m[1]), float(m[2]), int(m[3])) for m in _NAME.finditer(text)])


def next_points(center: Point, tried: Collection[Point], most: int) -> tuple[Point, ...]:
    """The next `most` points around the center that were not tried; fewer where few are left."""
    found: list[Point] = []
    for move in MOVES:
        point = _moved(center, move)
        if point is not None and point not in tried and point not in found:
            found.append(point)
    return tuple(found[:most])


def _moved(center: Point, move: tuple[float, float, float]) -> Point | None:
    """The point a move leads to; None where it leaves what is worth trying."""
    rate, epochs, rank = move
    moved = Point(
        rank=int(center.rank * rank),
        learning_rate=float(f"{center.learning_rate * rate:g}"),
        epochs=int(center.epochs * epochs),
    )
    if moved == center:
        return center
    if not (1 <= moved.rank <= MOST_RANK and 1 <= moved.epochs <= MOST_EPOCHS):
        return None
    return moved if moved.learning_rate <= HIGHEST_RATE else None
