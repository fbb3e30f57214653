"""Means with their errors, and the paired tests that say whether a difference can be chance."""

from __future__ import annotations

import importlib
import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar

from automem.errors import EvaluationError
from automem.records._struct import Record

RESAMPLES = 99_999
"""Sign flips drawn where enumerating them all would be more; up to 16 pairs all are."""
RANK_RESAMPLES = 9_999
"""The same for the signed-rank test, which is a hundred times slower; up to 13 pairs all are."""
CONFIDENCE = 0.95

Pair = TypeVar("Pair", bound=Hashable)


class Paired(Record):
    """How `b` differs from `a`, pair by pair; in the unit of the values."""

    n: int
    """Pairs."""
    mean_difference: float
    """Mean of b - a."""
    standard_error: float | None
    """Of the mean difference, with n - 1; None for a single pair."""
    p_signflip: float
    """Two-sided permutation test of the mean difference; exact up to 16 pairs."""
    p_wilcoxon: float
    """Two-sided signed-rank test by permutation, equal pairs by Pratt; exact up to 13 pairs."""
    smallest_p: float
    """The least p_signflip that so many unequal pairs can reach."""
    interval: tuple[float, float] | None
    """95 % interval of the mean difference by Student's t; None for a single pair."""


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


def paired(a: Mapping[Pair, float], b: Mapping[Pair, float]) -> Paired:
    """Compare two sets of values that share their pairs, such as (task, seed).

    Raises EvaluationError where a pair has a value on one side only, or there is none at all.
    """
    alone = [str(pair) for pair in a if pair not in b] + [str(pair) for pair in b if pair not in a]
    if alone:
        raise EvaluationError(
            f"cannot compare pair by pair: only one side has {', '.join(alone[:5])}"
            + (f" and {len(alone) - 5} more" if len(alone) > 5 else "")
        )
    if not a:
        raise EvaluationError("cannot compare pair by pair: there are no pairs")
    differences = [b[pair] - a[pair] for pair in a]
    mean, error = mean_and_error(differences)
    unequal = sum(difference != 0 for difference in differences)
    return Paired(
        n=len(differences),
        mean_difference=mean,
        standard_error=error,
        p_signflip=_signflip(differences) if unequal > 1 else 1.0,
        p_wilcoxon=_wilcoxon(differences) if unequal > 1 else 1.0,
        smallest_p=2.0 ** (1 - unequal) if unequal else 1.0,
        interval=None if error is None else _interval(mean, error, len(differences)),
    )


def _mean(values: Sequence[float]) -> float:
    if not values:
        raise EvaluationError("there are no values, and so no mean")
    return math.fsum(values) / len(values)


def _squares(values: Sequence[float], mean: float) -> float:
    return math.fsum((value - mean) ** 2 for value in values)


def _signflip(differences: Sequence[float]) -> float:
    stats = _scipy_stats()

    def mean(sample: Any, axis: int) -> Any:
        return sample.mean(axis=axis)

    test = stats.permutation_test(
        (differences,),
        mean,
        permutation_type="samples",
        alternative="two-sided",
        vectorized=True,
        n_resamples=RESAMPLES,
        rng=0,
    )
    return min(1.0, float(test.pvalue))


def _wilcoxon(differences: Sequence[float]) -> float:
    stats = _scipy_stats()
    method = stats.PermutationMethod(n_resamples=RANK_RESAMPLES, rng=0)
    test = stats.wilcoxon(differences, zero_method="pratt", method=method)
    return min(1.0, float(test.pvalue))


def _interval(mean: float, error: float, n: int) -> tuple[float, float]:
    stats = _scipy_stats()

    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * error
    return (mean - reach, mean + reach)


def _scipy_stats() -> Any:
    """Imported when a test is asked for: it takes a second."""
    return importlib.import_module("scipy.stats")
