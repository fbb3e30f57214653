"""Whole candidates judged by a gate, their differences drawn: what a gate accepts and costs."""

import random
from dataclasses import dataclass

from automem.protocols import Gate
from automem.records.gate import Pair

DIFFERENCE_SD = 0.12
"""Of the difference on one seed, as measured between versions of one player."""
SEARCH = 10
REVISIONS, TRIES, PATIENCE = 5, 6, 2
"""Of a loop with its defaults; three attempts with a continuation each are six tries."""


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


def kept_in_runs_without_effect(gate: Gate, runs: int, *, seed: int = 0) -> list[int]:
    """How many changes each of so many loops keeps where no change has any effect.

    As the loop plays: up to five revisions of up to six tries, two fruitless ones end it; search
    seeds are the same for all, fresh ones are new, and an incumbent keeps its search results.
    """
    rng = random.Random(seed)
    return [_kept_in_one_run(gate, rng) for _ in range(runs)]


def _kept_in_one_run(gate: Gate, rng: random.Random) -> int:
    incumbent = [_play(rng) for _ in range(SEARCH)]
    kept = fruitless = 0
    for _ in range(REVISIONS):
        for _ in range(TRIES):
            candidate = [_play(rng) for _ in range(SEARCH)]
            if _keeps(gate, incumbent, candidate, rng):
                incumbent, kept, fruitless = candidate, kept + 1, 0
                break
        else:
            fruitless += 1
        if fruitless == PATIENCE:
            break
    return kept


def _keeps(gate: Gate, before: list[float], after: list[float], rng: random.Random) -> bool:
    pairs: list[Pair] = []
    verdict = gate.judge(pairs)
    while verdict.decision == "more":
        for number in range(len(pairs), verdict.seeds):
            fresh = verdict.fresh
            one = _play(rng) if fresh else before[number]
            other = _play(rng) if fresh else after[number]
            pairs.append(Pair(task="default", seed=number, before=one, after=other))
        verdict = gate.judge(pairs)
    return verdict.decision == "keep"


def _play(rng: random.Random) -> float:
    return 0.5 + rng.gauss(0.0, DIFFERENCE_SD / 2**0.5)
