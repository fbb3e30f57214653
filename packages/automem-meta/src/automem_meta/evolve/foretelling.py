"""What is left of the loop, in seeds: simulated with the gate itself, on changes without effect."""

from __future__ import annotations

from dataclasses import dataclass

from automem.loops.foretelling import seeds_of_noise
from automem.loops.judging import Needs
from automem.loops.versions import Version
from automem.protocols import Gate
from automem.records.ledger import Trial
from automem_meta.config import EvolveSection
from automem_meta.evolve.state import Stop, next_step


@dataclass(frozen=True, slots=True)
class Ahead:
    """Tries, and seeds played in them with a candidate and, on fresh seeds, the incumbent."""

    tries: float
    seeds: float
    """Of candidates and incumbents together."""


def if_nothing_helps(
    gate: Gate, section: EvolveSection, root: Version, trials: tuple[Trial, ...]
) -> Ahead:
    """What is left where no change has any effect, and nothing is kept."""
    tries = tries_left(section, root, trials, kept_every=0)
    return Ahead(tries=tries, seeds=tries * seeds_of_noise(gate))


def at_most(
    needs: Needs, section: EvolveSection, root: Version, trials: tuple[Trial, ...]
) -> Ahead:
    """What is left where every revision takes all its tries, and each is judged to the end."""
    tries = tries_left(section, root, trials, kept_every=_per_revision(section))
    return Ahead(tries=tries, seeds=tries * (needs.search + 2 * needs.fresh))


def tries_left(
    section: EvolveSection, root: Version, trials: tuple[Trial, ...], *, kept_every: int
) -> int:
    """How many tries follow, each failing but every `kept_every`-th of a revision; 0 is never."""
    count = 0
    while True:
        step = next_step(root, trials, section)
        if isinstance(step, Stop):
            return count
        count += 1
        kept = bool(kept_every) and step.number >= kept_every
        trials = (
            *trials,
            Trial(
                at="",
                settings="",
                revision=step.revision,
                attempt=step.attempt,
                continuation=step.continuation,
                review="",
                parent="",
                verdict="kept" if kept else "dropped",
                why="",
            ),
        )


def _per_revision(section: EvolveSection) -> int:
    return section.attempts * (1 + section.continuations)
