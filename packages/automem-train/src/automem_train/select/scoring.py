"""Asks a jailed `score(turn)` for every turn; it sees one turn, as plain data, and nothing else."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from automem.errors import CodeFault, DataError
from automem.processes.jail import Jail, JailLevel, open_jail
from automem_train.turns.record import Turn

FUNCTION: Final = "score"
MOST_FAULTS: Final = 50
_FIRST: Final = 32
_EVERY: Final = 997


@dataclass(slots=True)
class Scorer:
    """Gives scores; some of them are asked for twice, since a data set must come out again."""

    jail: Jail
    faults: int = 0
    asked: int = 0
    again: list[tuple[Turn, float | None]] = field(default_factory=list[tuple[Turn, float | None]])

    async def score(self, turn: Turn) -> float | None:
        """The score; None says that the turn is not worth learning from.

        Raises CodeFault where the program failed for this turn, DataError where it did too often.
        """
        try:
            value = await self._asked(turn)
        except CodeFault as fault:
            self.faults += 1
            if self.faults > MOST_FAULTS:
                raise DataError(
                    f"score.py failed for {self.faults} turns; last: {fault}"
                ) from fault
            raise
        if self.asked < _FIRST or self.asked % _EVERY == 0:
            self.again.append((turn, value))
        self.asked += 1
        return value

    async def check(self) -> None:
        """Ask some of it again. Raises DataError where another answer comes."""
        for turn, value in reversed(self.again):
            other = await self._asked(turn)
            if other != value:
                raise DataError(
                    f"score.py gave {value} for {turn.id}, and {other} when asked again; it must "
                    "depend on the turn alone: no chance, and nothing kept between calls"
                )

    async def _asked(self, turn: Turn) -> float | None:
        value = await self.jail.call(FUNCTION, msgspec.to_builtins(turn))
        if value is None:
            return None
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise CodeFault(f"score.py gave {value!r}, not a number or None", kind="invalid")
        return float(value)


@asynccontextmanager
async def open_scorer(
    source: str, *, log: Path, level: JailLevel | None = None
) -> AsyncGenerator[Scorer]:
    """Load `score.py` in a jail. Raises DataError if it does not load, JailError without a jail."""
    try:
        async with open_jail(source, name="score.py", log=log, level=level) as jail:
            if FUNCTION not in jail.functions:
                raise DataError("score.py must define: def score(turn)")
            yield Scorer(jail)
    except CodeFault as fault:
        raise DataError(str(fault)) from fault
