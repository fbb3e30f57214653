"""Whole candidates judged by a gate, their differences drawn: what a gate accepts and costs."""

import random
from dataclasses import dataclass

from automem.protocols import Gate
from automem.records.gate import Pair

DIFFERENCE_SD = 0.12
"""Of the difference on one seed, as measured between versions of one player."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What came of many candidates that are alike."""

    accepted: float
    episodes: float
    """Seeds played with the candidate, on average."""


def simulate(gate: Gate, effect: float, candidates: int, *, seed: int = 0) -> Simulated:
    """Judge candidates whose difference on each seed is normal around `effect`."""
    rng = random.Random(seed)
    kept = played = 0
    for _ in range(candidates):
        pairs: list[Pair] = []
        verdict = gate.judge(pairs)
        while verdict.decision == "more":
            for number in range(len(pairs), verdict.seeds):
                after = 0.5 + rng.gauss(effect, DIFFERENCE_SD)
                pairs.append(Pair(task="default", seed=number, before=0.5, after=after))
            verdict = gate.judge(pairs)
        kept += verdict.decision == "keep"
        played += len(pairs)
    return Simulated(accepted=kept / candidates, episodes=played / candidates)
