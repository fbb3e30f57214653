"""A scaffold gated against itself: how often a gate takes noise for progress."""

from __future__ import annotations

from automem.records._struct import Record
from automem.records.ledger import PlayCost


class Repeat(Record):
    """One gating of a scaffold against itself."""

    number: int
    accepted: bool
    why: str
    seeds: int
    """Pairs of seeds that were played."""
    difference: float
    """Points of progression."""
    p: float | None = None


class FalseAccepts(Record):
    """What `automem evolve --aa` prints, and keeps for the report."""

    scaffold: str
    """Content hash."""
    name: str
    gate: str
    repeats: tuple[Repeat, ...]
    accepted: int
    rate: float
    interval: tuple[float, float]
    """Wilson's, 95 %."""
    cost: PlayCost
