"""The section `[evolve]` of a configuration: who reviews, how often, and what judges the result."""

from __future__ import annotations

from typing import ClassVar

from automem.loops.section import Count, LoopSection, Whole
from automem.records.config import Seeds


class EvolveSection(LoopSection):
    """Keys of `[evolve]`."""

    key: ClassVar[str] = "evolve"
    own_lists: ClassVar[tuple[str, ...]] = ("fresh", "aa")

    revisions: Count = 5
    """Changes that may be kept, one on top of the other."""
    attempts: Count = 3
    """Fresh attempts at one revision."""
    continuations: Whole = 1
    """How often an attempt that failed is shown its own result and goes on."""
    patience: Count = 2
    """Revisions in a row that may find nothing; then the loop ends."""
    aa: Seeds = "4000 from 40000"
    """Seeds on which `--aa` plays a scaffold against itself."""
    memory_only: bool = True
    """Also play what is kept without `perceive` and `guard`, and report both; only where it has
    code."""
