"""Means with their errors, and the paired tests that say whether a difference can be chance."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from automem.errors import EvaluationError
from automem.records._struct import Record

RESAMPLES = 99_999
"""Sign flips drawn where enumerating them all would be more; up to 16 pairs all are."""
RANK_RESAMPLES = 9_999
"""The same for the signed-rank test, which is a hundred times slower; up to 13 pairs all are."""
CONFIDENCE = 0.95
FROM_HERE_T = 20
"""From so many pairs on, Student's t is all that is needed."""

Pair = TypeVar("Pair", bound=Hashable)


class Paired(Record):
    """How `b` differs from `a`, pair by pair; in the unit of the values."""

    n: int
    """Pairs."""
    mean_difference: float
    """Mean of b - a."""
    standard_error: float | None
    """Of the mean difference, with n - 1; None for a single pair, or a stratum of one."""
    p_signflip: float
    """Two-sided permutation test of the mean difference; exact up to 16 pairs."""
    p_greater: float
    """One-sided: by chance alone, `b` would be so much better than `a`; what gates ask for."""
    p_wilcoxon: float
    """Two-sided signed-rank test by permutation, equal pairs by Pratt; exact up to 13 pairs."""
    smallest_p: float
    """The least p_signflip that so many unequal pairs can reach."""
    interval: tuple[float, float] | None
    """95 % interval of the mean difference by Student's t; None without a standard error."""
    interval_signflip: tuple[float, float] | None
    """The differences that the sign-flip test would not reject at 5 %; None for fewer than 6
    pairs, which reject none, and from 20 pairs on, where `interval` is as good."""


def mean_and_error(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and standard error with n - 1; the error is None for a single value."""
    mean = _mean(values)
    n = len(values)
    if n == 1:
        return mean, None
    return mean, math.sqrt(_squares(values, mean) / (n - 1) / n)


def balrog_error(values: Sequence[float]) -> float:
    """The benchmark's own standard error: population deviation over sqrt(n)."""
    return math.sqrt(_squares(values, _mean(values))) / len(values)


def stratified(strata: Sequence[Sequence[float]]) -> tuple[float, float | None]:
    """Mean of the strata's means, and its standard error; None where a stratum has one value."""
    means, errors = zip(*[mean_and_error(values) for values in strata], strict=True)
    known = [error for error in errors if error is not None]
    error = math.hypot(*known) / len(strata) if len(known) == len(strata) else None
    return _mean(means), error


def averaged(values: Iterable[tuple[Pair, float]]) -> dict[Pair, float]:
    """One value a pair: replicates of the same seed are averaged before anything is compared."""
    replicates: dict[Pair, list[float]] = {}
    for pair, value in values:
        replicates.setdefault(pair, []).append(value)
    return {pair: _mean(each) for pair, each in replicates.items()}


def holm(p_values: Mapping[Pair, float]) -> dict[Pair, float]:
    """The p values of several questions, such as several environments, adjusted by Holm.

    Comparing an adjusted p with alpha keeps the chance of any false finding at alpha.
    """
    adjusted: dict[Pair, float] = {}
    highest = 0.0
    left = len(p_values)
    for name in sorted(p_values, key=p_values.__getitem__):
        highest = max(highest, min(1.0, left * p_values[name]))
        adjusted[name] = highest
        left -= 1
    return {name: adjusted[name] for name in p_values}


def paired(
    a: Mapping[Pair, float],
    b: Mapping[Pair, float],
    stratum: Callable[[Pair], Hashable] | None = None,
) -> Paired:
    """Compare two sets of values that share their pairs, such as (task, seed).

    With `stratum`, such as the task, every stratum counts the same, however many pairs it has.
    Raises EvaluationError where a pair has a value on one side only, or there is none at all.
    """
    _refuse_unpaired(a, b)
    strata: dict[Hashable, list[float]] = {}
    for pair in a:
        strata.setdefault(stratum(pair) if stratum else None, []).append(b[pair] - a[pair])
    mean, error = stratified(list(strata.values()))
    n = len(a)
    differences: list[float] = []
    weights: list[float] = []
    for values in strata.values():
        differences += values
        weights += [n / len(strata) / len(values)] * len(values)
    weighted = [weight * value for weight, value in zip(weights, differences, strict=True)]
    unequal = sum(difference != 0 for difference in differences)
    p_signflip, greater = _signflip(weighted)
    return Paired(
        n=n,
        mean_difference=mean,
        standard_error=error,
        p_signflip=p_signflip,
        p_greater=greater,
        p_wilcoxon=_wilcoxon(differences) if unequal > 1 else 1.0,
        smallest_p=2.0 ** (1 - unequal) if unequal else 1.0,
        interval=None if error is None else _interval(mean, error, list(strata.values())),
        interval_signflip=signflip_interval(differences, weights),
    )


def p_greater(differences: Sequence[float]) -> float:
    """One-sided sign-flip p: how often chance alone gives so large a mean; exact up to 16."""
    return _signflip(differences)[1]


def signflip_interval(
    differences: Sequence[float], weights: Sequence[float] | None = None
) -> tuple[float, float] | None:
    """What the exact two-sided sign-flip test does not reject at 5 %, as (lower, upper).

    The means of all subsets cut the line into 2^n parts that hold the true difference equally
    often (Hartigan 1969), so the interval is between two of them. None outside 6 to 19 values.
    """
    n = len(differences)
    if n >= FROM_HERE_T:
        return None
    outside: int = math.floor((1 - CONFIDENCE) / 2 * 2**n + 1e-9)
    if not outside:
        return None
    sums: list[float] = [0.0]
    sizes: list[float] = [0.0]
    for value, weight in zip(differences, weights or [1.0] * n, strict=True):
        sums += [each + weight * value for each in sums]
        sizes += [each + weight for each in sizes]
    subsets = range(1, len(sums))
    means = sorted([sums[subset] / sizes[subset] for subset in subsets])
    return means[outside - 1], means[-outside]


def _refuse_unpaired(a: Mapping[Pair, float], b: Mapping[Pair, float]) -> None:
    alone = [str(pair) for pair in a if pair not in b] + [str(pair) for pair in b if pair not in a]
    if alone:
        raise EvaluationError(
            f"cannot compare pair by pair: only one side has {', '.join(alone[:5])}"
            + (f" and {len(alone) - 5} more" if len(alone) > 5 else "")
        )
    if not a:
        raise EvaluationError("cannot compare pair by pair: there are no pairs")


def _mean(values: Sequence[float]) -> float:
    if not values:
        raise EvaluationError("there are no values, and so no mean")
    return math.fsum(values) / len(values)


def _squares(values: Sequence[float], mean: float) -> float:
    return math.fsum((value - mean) ** 2 for value in values)


def _signflip(differences: Sequence[float]) -> tuple[float, float]:
    """Two-sided p, and that of being greater, of the mean under flips of every sign."""
    unequal = [difference for difference in differences if difference != 0]
    if len(unequal) < 2:
        return 1.0, 0.5 if math.fsum(unequal) > 0 else 1.0

    def mean(sample: Any, axis: int) -> Any:
        return sample.mean(axis=axis)

    test = _scipy_stats().permutation_test(
        (differences,),
        mean,
        permutation_type="samples",
        alternative="two-sided",
        vectorized=True,
        n_resamples=RESAMPLES,
        rng=0,
    )
    flips = test.null_distribution
    # Equal means may differ by rounding. What is drawn counts what was observed as one draw more.
    reached = int((flips >= test.statistic - 1e-9 * abs(test.statistic)).sum())
    drawn = int(2 ** len(differences) > RESAMPLES)
    greater = (reached + drawn) / (len(flips) + drawn)
    return min(1.0, float(test.pvalue)), float(greater)


def _wilcoxon(differences: Sequence[float]) -> float:
    stats = _scipy_stats()
    method = stats.PermutationMethod(n_resamples=RANK_RESAMPLES, rng=0)
    test = stats.wilcoxon(differences, zero_method="pratt", method=method)
    return min(1.0, float(test.pvalue))


def _interval(mean: float, error: float, strata: Sequence[Sequence[float]]) -> tuple[float, float]:
    reach = float(_scipy_stats().t.ppf((1 + CONFIDENCE) / 2, _freedom(strata))) * error
    return (mean - reach, mean + reach)


def _freedom(strata: Sequence[Sequence[float]]) -> float:
    """Degrees of freedom of a stratified mean, after Welch and Satterthwaite."""
    parts = [
        (_squares(values, _mean(values)) / (len(values) - 1) / len(values), len(values) - 1)
        for values in strata
    ]
    total = math.fsum([variance for variance, _ in parts])
    if not total:
        return sum(freedom for _, freedom in parts)
    return total**2 / math.fsum([variance**2 / freedom for variance, freedom in parts])


def _scipy_stats() -> Any:
    """Imported when a test is asked for: it takes a second."""
    return importlib.import_module("scipy.stats")
