"""Which scaffolds of a run are, or were, the best ones: a function of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automem.records.ledger import Trial


@dataclass(frozen=True, slots=True)
class Version:
    """A scaffold of the run that is, or was, the best one."""

    hash: str
    name: str
    revision: int
    """0 for the one the run began with."""


def versions(root: Version, trials: Sequence[Trial]) -> list[Version]:
    """What the run began with, and every scaffold that was kept, in order."""
    kept = [trial for trial in trials if trial.kind == "scaffold" and trial.verdict == "kept"]
    return [root, *[Version(t.candidate, t.candidate_name, t.revision) for t in kept]]
