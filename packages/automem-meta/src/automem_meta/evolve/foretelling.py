"""What is left of the loop, in seeds: simulated with the gate itself, on changes without effect."""

from __future__ import annotations

import random
from dataclasses import dataclass

from automem.loops.judging import Needs
from automem.loops.versions import Version
from automem.protocols import Gate
from automem.records.gate import Pair
from automem.records.ledger import Trial
from automem_meta.config import EvolveSection
from automem_meta.evolve.state import Stop, next_step

SIMULATED = 300
DIFFERENCE_SD = 0.12
"""Of one seed's difference. The gates that come along do not depend on it: only signs and ranks of
means count."""


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
    return Ahead(tries=tries, seeds=tries * _seeds_of_noise(gate))


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


def _seeds_of_noise(gate: Gate) -> float:
    """Seeds that a change without effect is played on, the incumbent's fresh ones included."""
    rng = random.Random(0)  # noqa: S311 - a simulation, not a secret
    seeds = 0
    for _ in range(SIMULATED):
        pairs: list[Pair] = []
        verdict = gate.judge(pairs)
        while verdict.decision == "more":
            more = verdict.seeds - len(pairs)
            seeds += more * (2 if verdict.fresh else 1)
            pairs += [
                Pair(task="", seed=n, before=0.5, after=0.5 + rng.gauss(0.0, DIFFERENCE_SD))
                for n in range(len(pairs), verdict.seeds)
            ]
            verdict = gate.judge(pairs)
    return seeds / SIMULATED
