"""Intervals, adjusted p, strata and replicates: known answers, and what simulation says of them."""

import itertools
import random

import pytest
from scipy import stats

from automem.errors import EvaluationError
from automem.evaluate.statistics import (
    averaged,
    holm,
    mean_and_error,
    p_greater,
    paired,
    signflip_interval,
    stratified,
)

DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
"""Heights of crossed minus self-fertilized Zea mays, eighths of an inch (Darwin 1876)."""


def compare(differences: list[float]):
    return paired(dict.fromkeys(range(len(differences)), 0.0), dict(enumerate(differences)))


def two_sided(differences: list[float]) -> float:
    """From the one-sided p, the distribution of flips being symmetric."""
    return min(1.0, 2 * min(p_greater(differences), p_greater([-d for d in differences])))


def flips_at_least(differences: list[float]) -> float:
    """One-sided p by enumerating every flip."""
    sums = [
        sum(sign * d for sign, d in zip(signs, differences, strict=True))
        for signs in itertools.product([1, -1], repeat=len(differences))
    ]
    return sum(total >= sum(differences) - 1e-9 for total in sums) / len(sums)


def test_the_interval_of_darwins_maize_ends_where_the_test_begins_to_reject() -> None:
    differences = [float(d) for d in DARWIN]
    interval = signflip_interval(differences)
    assert interval is not None
    lower, upper = interval
    assert lower < 314 / 15 < upper
    for edge, inward in ((lower, 0.05), (upper, -0.05)):
        assert two_sided([d - edge + inward for d in differences]) <= 0.05
        assert two_sided([d - edge - inward for d in differences]) > 0.05


def test_six_pairs_reach_from_the_least_to_the_greatest_difference() -> None:
    assert signflip_interval([3.0, 1.0, 4.0, -1.0, 5.0, 9.0]) == (-1.0, 9.0)


def test_too_few_pairs_have_no_interval_and_many_have_only_students() -> None:
    assert signflip_interval([1.0, 2.0, 3.0, 4.0, 5.0]) is None
    assert compare([1.0, 2.0, 3.0, 4.0, 5.0]).interval is not None
    many = compare([float(i) for i in range(20)])
    assert many.interval_signflip is None and many.interval is not None
    assert signflip_interval([0.0] * 2000) is None


def test_students_interval_gives_the_textbook_answer() -> None:
    extra_sleep = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]  # Student 1908
    result = compare(extra_sleep)
    assert result.interval == pytest.approx((0.700, 2.460), abs=1e-3)
    assert result.mean_difference == pytest.approx(1.58)


@pytest.mark.parametrize(
    "differences", [[1.0, 2.0, 3.0, 4.0, 5.0], [3.0, -1.0, 4.0, 1.0, -5.0], [2.0, 0.0, -1.0, 0.0]]
)
def test_the_one_sided_p_equals_the_enumeration(differences: list[float]) -> None:
    assert p_greater(differences) == pytest.approx(flips_at_least(differences))
    assert compare(differences).p_greater == p_greater(differences)


def test_the_one_sided_p_of_hardly_any_difference_is_a_coin() -> None:
    assert (p_greater([2.0, 0.0]), p_greater([-2.0, 0.0]), p_greater([0.0])) == (0.5, 1.0, 1.0)


def test_holms_adjustment_gives_the_textbook_answer() -> None:
    found = holm({"crafter": 0.01, "minihack": 0.04, "nethack": 0.03, "hanoi": 0.005})
    assert found == pytest.approx(
        {"crafter": 0.03, "minihack": 0.06, "nethack": 0.06, "hanoi": 0.02}
    )
    assert list(found) == ["crafter", "minihack", "nethack", "hanoi"]
    assert holm({"one": 0.8, "other": 0.7}) == {"one": 1.0, "other": 1.0}
    assert holm({"alone": 0.04}) == {"alone": 0.04}


def test_every_stratum_counts_the_same_in_a_stratified_mean() -> None:
    mean, error = stratified([[0.0, 10.0], [40.0, 40.0, 40.0, 60.0]])
    assert mean == 25.0
    assert error == pytest.approx((5.0**2 + 5.0**2) ** 0.5 / 2)
    assert stratified([[1.0, 3.0], [4.0]]) == (3.0, None)
    assert stratified([[1.0, 3.0]]) == mean_and_error([1.0, 3.0])


def test_pairs_of_several_tasks_are_compared_task_by_task() -> None:
    a = dict.fromkeys([("t", 1), ("t", 2), ("u", 1), ("u", 2), ("u", 3), ("u", 4)], 0.0)
    b = {("t", 1): 8.0, ("t", 2): 4.0, ("u", 1): 1.0, ("u", 2): 0.0, ("u", 3): -1.0, ("u", 4): 4.0}
    plain, by_task = paired(a, b), paired(a, b, stratum=lambda pair: pair[0])
    assert plain.mean_difference == pytest.approx(16 / 6)
    assert by_task.mean_difference == pytest.approx((6 + 1) / 2)
    u_variance = (0 + 1 + 4 + 9) / 3 / 4
    assert by_task.standard_error == pytest.approx((4 + u_variance) ** 0.5 / 2)
    weighted = [1.5 * 8, 1.5 * 4, 0.75, 0.0, -0.75, 3.0]
    assert by_task.p_greater == pytest.approx(flips_at_least(weighted))
    freedom = (4 + u_variance) ** 2 / (4**2 / 1 + u_variance**2 / 3)
    reach = stats.t.ppf(0.975, freedom) * by_task.standard_error
    assert by_task.interval == pytest.approx((3.5 - reach, 3.5 + reach))


def test_strata_without_spread_or_of_one_pair_are_told_as_such() -> None:
    same = {("t", 1): 2.0, ("t", 2): 2.0, ("u", 1): 2.0, ("u", 2): 2.0}
    result = paired(dict.fromkeys(same, 0.0), same, stratum=lambda pair: pair[0])
    assert (result.standard_error, result.interval) == (0.0, (2.0, 2.0))
    single = paired(dict.fromkeys(same, 0.0), same, stratum=lambda pair: pair)
    assert (single.standard_error, single.interval) == (None, None)


def test_replicates_are_averaged_inside_a_seed_first() -> None:
    assert averaged([(1, 10.0), (2, 50.0), (1, 30.0)]) == {1: 20.0, 2: 50.0}
    result = paired(averaged([(1, 0.0), (2, 0.0)]), averaged([(1, 1.0), (1, 3.0), (2, 6.0)]))
    assert (result.n, result.mean_difference) == (2, 4.0)
    with pytest.raises(EvaluationError, match="only one side has 3"):
        paired({1: 0.0}, averaged([(1, 1.0), (3, 1.0)]))


def test_both_intervals_cover_the_truth_as_often_as_they_say() -> None:
    random_numbers = random.Random(7)
    trials, n, truth = 400, 8, 6.0
    student = signflip = 0
    for _ in range(trials):
        values = [random_numbers.gauss(truth, 12.0) for _ in range(n)]
        mean, error = mean_and_error(values)
        assert error is not None
        student += abs(mean - truth) <= stats.t.ppf(0.975, n - 1) * error
        interval = signflip_interval(values)
        assert interval is not None
        signflip += interval[0] <= truth <= interval[1]
    # 95 % plus or minus three standard deviations of 400 trials; the sign-flip interval of 8
    # pairs holds 1 - 12/256 exactly.
    assert 0.917 <= student / trials <= 0.983
    assert 0.917 <= signflip / trials <= 0.983


def test_the_one_sided_test_errs_as_often_as_it_says_where_nothing_differs() -> None:
    random_numbers = random.Random(11)
    trials, rejected = 300, 0
    for _ in range(trials):
        # Scores come in steps of 1/22, so ties are the rule.
        values = [round(random_numbers.gauss(0.0, 3.0)) / 22 for _ in range(7)]
        rejected += p_greater(values) <= 0.2
    assert rejected / trials <= 0.2 + 3 * (0.2 * 0.8 / trials) ** 0.5
    assert rejected / trials >= 0.08


def test_the_two_sided_test_errs_as_often_as_it_says_where_nothing_differs() -> None:
    random_numbers = random.Random(5)
    trials, rejected = 150, 0
    for _ in range(trials):
        differences = [random_numbers.gauss(0.0, 12.0) for _ in range(6)]
        rejected += two_sided(differences) <= 0.1
    assert rejected / trials <= 0.1 + 3 * (0.1 * 0.9 / trials) ** 0.5
