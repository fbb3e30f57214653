"""What a gate is given and what it says."""

from __future__ import annotations

from typing import Literal

from automem.records._struct import Record

Decision = Literal["keep", "drop", "more"]


class Pair(Record):
    """The same task and seed, played before and after a change; progression from 0 to 1."""

    task: str
    seed: int
    before: float
    after: float

    @property
    def difference(self) -> float:
        """How much better it is after the change."""
        return self.after - self.before


class Verdict(Record):
    """Keep, drop, or play further seeds first."""

    decision: Decision
    seeds: int = 0
    """`more`: how many seeds all in all are wanted before the next judgment."""
    fresh: bool = False
    """`more`: whether the further ones are to be seeds that no earlier candidate was played on."""
    stage: str = ""
    """Which of the gate's stages said so."""
    why: str
    """One sentence with the figures it rests on."""
    mean_difference: float | None = None
    p: float | None = None
    """One-sided, where the stage computes one."""
