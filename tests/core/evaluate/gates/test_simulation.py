"""The gates' error rates, simulated with the gates themselves.

The expected figures are those that the method's description tabulates. With 100,000 candidates the
two-stage gate keeps 8.4 % without any effect, where the table says 7 %; where differences come in
steps of 1/22, as in a game with 22 achievements, it keeps 6.7 %, because ties count against a
change. Bounds are four standard errors of a share of so many simulated candidates.
"""

import random

import pytest

from automem.evaluate.gates.options import SignFlipOptions, TwoStageOptions
from automem.evaluate.gates.paper import PaperGate
from automem.evaluate.gates.signflip import SignFlipGate
from automem.evaluate.gates.two_stage import TwoStageGate
from automem.records.gate import Pair

from .simulation import DIFFERENCE_SD, kept_in_runs_without_effect, simulate

CANDIDATES = 1000
RUNS = 2000
REVISIONS, TRIES = 5, 6


def test_two_stages_keep_little_noise_and_most_of_what_is_better() -> None:
    none = simulate(TwoStageGate(), 0.0, CANDIDATES)
    assert none.accepted == pytest.approx(0.07, abs=0.035)
    assert none.episodes == pytest.approx(11, abs=0.9)
    assert simulate(TwoStageGate(), 0.06, CANDIDATES).accepted == pytest.approx(0.74, abs=0.056)
    assert simulate(TwoStageGate(), 0.10, CANDIDATES).accepted == pytest.approx(0.96, abs=0.025)


def test_looking_after_every_seed_saves_episodes_of_bad_candidates_and_keeps_no_less() -> None:
    seldom = TwoStageOptions(futility_from=1000)
    often = TwoStageOptions(look_every=1)
    bad, quick = (simulate(TwoStageGate(o), -0.06, CANDIDATES) for o in (seldom, often))
    assert quick.episodes < 0.92 * bad.episodes
    good, same = (simulate(TwoStageGate(o), 0.10, CANDIDATES) for o in (seldom, often))
    assert same.accepted == pytest.approx(good.accepted, abs=0.02)


def test_a_test_of_twenty_percent_keeps_at_most_so_much_noise() -> None:
    assert simulate(SignFlipGate(), 0.0, CANDIDATES).accepted == pytest.approx(0.19, abs=0.05)
    whole = SignFlipOptions(futility_from=1000)
    bad, stopped = (
        simulate(SignFlipGate(o), -0.06, CANDIDATES) for o in (whole, SignFlipOptions())
    )
    assert stopped.episodes < 0.75 * bad.episodes == 7.5


def test_the_published_gate_accepts_noise_in_nearly_every_run() -> None:
    """Nothing ever changes: each play of a scaffold is 50 points with its own noise.

    A run is 5 revisions of at most 6 tries on the same ten seeds. The incumbent keeps the score
    it was accepted with and is never played again; whatever has a larger mean takes its place.
    """
    rng = random.Random(7)
    gate = PaperGate()
    noise = DIFFERENCE_SD / 2**0.5
    fooled, gains = 0, 0.0
    for _ in range(RUNS):
        first = incumbent = _played(rng, noise)
        for _ in range(REVISIONS):
            for _ in range(TRIES):
                candidate = _played(rng, noise)
                if gate.judge(_pairs(incumbent, candidate)).decision == "keep":
                    incumbent = candidate
                    break
        fooled += incumbent is not first
        gains += sum(incumbent) / 10 - 0.5
    # 30 of 31 equal players: the first is the best of all in one run of 31.
    assert fooled / RUNS == pytest.approx(0.96, abs=0.02)
    assert 0.03 < gains / RUNS < 0.10


def _played(rng: random.Random, noise: float) -> list[float]:
    return [rng.gauss(0.5, noise) for _ in range(10)]


def _pairs(before: list[float], after: list[float]) -> list[Pair]:
    return [
        Pair(task="default", seed=seed, before=a, after=b)
        for seed, (a, b) in enumerate(zip(before, after, strict=True))
    ]


def test_a_loop_in_which_nothing_helps_keeps_something_in_half_of_its_runs() -> None:
    """Its tries are many, and share the incumbent's results on the search seeds."""
    kept = kept_in_runs_without_effect(TwoStageGate(), 500)
    assert sum(map(bool, kept)) / len(kept) == pytest.approx(0.49, abs=0.07)
    assert sum(kept) / len(kept) == pytest.approx(0.58, abs=0.12)
    published = kept_in_runs_without_effect(PaperGate(), 500)
    assert sum(map(bool, published)) / len(published) == pytest.approx(0.91, abs=0.04)
    assert sum(published) / len(published) > 2
