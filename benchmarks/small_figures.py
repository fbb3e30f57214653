"""What the evaluations of the small model say: figures with their bounds, and the raw numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from figures import Figure, bounded
from ratios import Ratio, change_of_ratio, ratio_of_means
from small_play import Cost

from automem.cli.comparison import compare_evaluations
from automem.evaluate.reading import ALPHA
from automem.evaluate.statistics import Paired
from automem.records.result import Evaluation

VALID = 0.99
PROGRESSION = 25.0
"""Percent, under `crafter-tiny-map`."""
TIMES = 1.25
"""By how much its mean is to be above that under `crafter-tiny-v0`."""
HALF = 0.5
STEP_SECONDS = 0.03


def valid(what: str, evaluation: Evaluation, unreadable: int) -> list[Figure]:
    """Shares of operations and of actions that are valid."""
    totals, behaviour = evaluation.totals, evaluation.behaviour
    assert behaviour is not None
    tried = totals.operations + unreadable
    failed = behaviour.sums.failed + unreadable
    invalid = behaviour.sums.invalid_actions
    wanted = f"at least {VALID:.0%}"
    return [
        _share(f"valid operations, {what}", failed, tried, "operations", wanted),
        _share(f"valid actions, {what}", invalid, totals.steps, "actions", wanted),
    ]


def _share(what: str, failed: int, tried: int, nouns: str, wanted: str) -> Figure:
    share = 1 - failed / tried if tried else 0.0
    about = f"all but {failed:,} of {tried:,} {nouns}"
    return bounded(what, f"{share:.2%}", about, wanted, kept=share >= VALID)


def progression(what: str, evaluation: Evaluation, least: float | None = None) -> Figure:
    """Mean and standard error with n - 1."""
    said = f"{evaluation.mean:.1f} ± {evaluation.standard_error or 0:.1f} %"
    about = f"{len(evaluation.episodes)} episodes, {evaluation.totals.steps:,} steps"
    if least is None:
        return Figure(f"progression, {what}", said, about)
    kept = evaluation.mean >= least
    wanted = f"at least {least:.0f} %"
    return bounded(f"progression, {what}", said, about, wanted, kept=kept)


def times(what: str, above: Evaluation, below: Evaluation) -> tuple[Figure, Ratio]:
    """One mean as a multiple of another."""
    ratio = ratio_of_means(points(above), points(below))
    about = "means of the same seeds, 95 % interval by Fieller"
    wanted = f"at least {TIMES:g} times"
    return bounded(what, ratio.text, about, wanted, kept=ratio.value >= TIMES), ratio


def better(what: str, worse: Evaluation, better: Evaluation) -> tuple[Figure, Paired]:
    """A paired difference that has to be there: positive, and unlikely to be chance."""
    result = compare_evaluations(worse, better).paired
    kept = result.mean_difference > 0 and result.p_signflip < ALPHA
    return _difference(what, result, f"above 0, p < {ALPHA:g}", kept=kept), result


def not_worse(what: str, before: Evaluation, after: Evaluation) -> tuple[Figure, Paired]:
    """A paired difference that may not be below zero beyond chance."""
    result = compare_evaluations(before, after).paired
    kept = result.interval is None or result.interval[1] >= 0
    return _difference(what, result, "not below 0 by its interval", kept=kept), result


def told(what: str, before: Evaluation, after: Evaluation) -> tuple[Figure, Paired]:
    """A paired difference without a bound."""
    result = compare_evaluations(before, after).paired
    return _difference(what, result, "", kept=True), result


def _difference(what: str, result: Paired, wanted: str, *, kept: bool) -> Figure:
    interval = ""
    if result.interval is not None:
        interval = f" ({result.interval[0]:+.1f} to {result.interval[1]:+.1f})"
    said = f"{result.mean_difference:+.1f}{interval} points, p {result.p_signflip:.2g}"
    about = f"{result.n} pairs, 95 % interval by t, two-sided sign-flip test"
    return bounded(what, said, about, wanted, kept=kept)


def writes_per_search(what: str, evaluation: Evaluation) -> Figure:
    """In LOG, as ratio of sums over the run."""
    assert evaluation.behaviour is not None
    sums = evaluation.behaviour.sums
    ratio = sums.log_writes / sums.log_searches if sums.log_searches else float("inf")
    about = f"{sums.log_writes:,} writes, {sums.log_searches:,} searches"
    return Figure(f"writes per search in LOG, {what}", f"{ratio:.2f}", about)


def change(
    what: str, before: Evaluation, after: Evaluation, *, halves: bool | None
) -> tuple[Figure, Ratio]:
    """Writes per search after over before; `halves` is what is wanted of it, None is nothing."""
    ratio = change_of_ratio(_log_counts(before), _log_counts(after))
    wanted = {None: "", True: f"at most {HALF:g}", False: f"above {HALF:g}"}[halves]
    kept = halves is None or (ratio.value <= HALF) == halves
    about = "ratio of sums over that of the base alone, 95 % interval by bootstrap over the seeds"
    return bounded(what, ratio.text, about, wanted, kept=kept), ratio


def cost(measured: Cost) -> list[Figure]:
    """Seconds a step."""
    about = f"{measured.steps:,} steps, start included"
    rows = (
        ("CPU", measured.cpu, f"host, games and model together, {about}"),
        ("wall, one core", measured.wall, f"the same, {about}"),
        ("wall, one episode at a time", measured.wall_alone, "all cores, start left out"),
    )
    wanted = f"at most {STEP_SECONDS * 1000:.0f} ms"
    return [
        bounded(
            f"{what}, of a step of {measured.scaffold}",
            f"{seconds * 1000:.1f} ms",
            how,
            wanted,
            kept=seconds <= STEP_SECONDS,
        )
        for what, seconds, how in rows
    ]


def points(evaluation: Evaluation) -> list[float]:
    """Percent of each episode, by seed."""
    return [100 * one.progression for one in sorted(evaluation.episodes, key=lambda e: e.seed)]


def raw(evaluations: Mapping[str, Evaluation]) -> dict[str, Any]:
    """What is kept of each evaluation beside the run itself."""
    return {
        name: {
            "key": one.key,
            "mean": one.mean,
            "standard_error": one.standard_error,
            "progression": {e.seed: 100 * e.progression for e in one.episodes},
            "steps": one.totals.steps,
            "behaviour": msgspec.to_builtins(one.behaviour and one.behaviour.sums),
        }
        for name, one in evaluations.items()
    }


def _log_counts(evaluation: Evaluation) -> list[tuple[int, int]]:
    counts = [
        one.behaviour
        for one in sorted(evaluation.episodes, key=lambda episode: episode.seed)
        if one.behaviour is not None
    ]
    return [(one.log_writes, one.log_searches) for one in counts]
