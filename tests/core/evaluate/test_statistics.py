"""Statistics against textbook answers and enumerations done by hand."""

import itertools
import math

import pytest

from automem.errors import EvaluationError
from automem.evaluate.statistics import balrog_error, mean_and_error, paired

DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
"""Heights of crossed minus self-fertilized Zea mays, eighths of an inch (Darwin 1876)."""


def compare(differences: list[float]):
    return paired(dict.fromkeys(range(len(differences)), 0.0), dict(enumerate(differences)))


def test_mean_and_error_divide_by_n_minus_one() -> None:
    mean, error = mean_and_error([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
    assert mean == 5.0
    assert error == pytest.approx(math.sqrt(32 / 7 / 8))


def test_a_single_value_has_no_error() -> None:
    assert mean_and_error([3.5]) == (3.5, None)


def test_no_values_have_no_mean() -> None:
    with pytest.raises(EvaluationError, match="no values"):
        mean_and_error([])


def test_the_benchmark_error_divides_by_n() -> None:
    values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]
    assert balrog_error(values) == pytest.approx(2.0 / math.sqrt(8))
    assert balrog_error([7.0]) == 0.0


def test_the_sign_flip_test_gives_fishers_answer_for_darwins_maize() -> None:
    result = compare([float(d) for d in DARWIN])
    assert result.p_signflip == pytest.approx(1726 / 32768)
    assert result.mean_difference == pytest.approx(314 / 15)
    assert result.smallest_p == pytest.approx(2 / 32768)
    assert result.interval == pytest.approx((0.0312, 41.8355), abs=1e-4)


def test_the_wilcoxon_test_comes_near_the_published_answer_for_darwins_maize() -> None:
    assert compare([float(d) for d in DARWIN]).p_wilcoxon == pytest.approx(0.0413, abs=5e-3)


def test_the_wilcoxon_test_gives_the_tabled_answer_for_eight_pairs() -> None:
    negative_ranks = 3  # of 1 and 2: 2 * 5 of the 256 sign patterns have so small a rank sum
    result = compare([-1.0, -2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    patterns = itertools.product([0, 1], repeat=8)
    sums = [sum(r * s for r, s in zip(range(1, 9), p, strict=True)) for p in patterns]
    at_most = sum(total <= negative_ranks for total in sums)
    assert at_most == 5
    assert result.p_wilcoxon == pytest.approx(2 * at_most / 256)


@pytest.mark.parametrize(
    "differences", [[1.0, 2.0, 3.0, 4.0, 5.0], [3.0, -1.0, 4.0, 1.0, -5.0], [2.0, 0.0, 1.0, 0.0]]
)
def test_the_sign_flip_test_equals_the_enumeration_of_all_flips(differences: list[float]) -> None:
    observed = abs(sum(differences))
    flips = list(itertools.product([1, -1], repeat=len(differences)))
    sums = [abs(sum(s * d for s, d in zip(signs, differences, strict=True))) for signs in flips]
    expected = sum(total >= observed - 1e-9 for total in sums) / len(flips)
    assert compare(differences).p_signflip == pytest.approx(expected)


def test_five_pairs_cannot_reach_five_percent() -> None:
    result = compare([9.0, 8.0, 7.0, 6.0, 5.0])
    assert result.p_signflip == result.smallest_p == 0.0625
    assert result.p_wilcoxon == pytest.approx(0.0625)


def test_equal_pairs_lower_what_can_be_reached() -> None:
    result = compare([1.0, 2.0, 3.0, 0.0, 0.0])
    assert result.smallest_p == result.p_signflip == 0.25


@pytest.mark.parametrize("differences", [[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [4.0]])
def test_fewer_than_two_unequal_pairs_prove_nothing(differences: list[float]) -> None:
    result = compare(differences)
    assert result.p_signflip == result.p_wilcoxon == result.smallest_p == 1.0


def test_a_single_pair_has_neither_error_nor_interval() -> None:
    result = compare([4.0])
    assert (result.n, result.standard_error, result.interval) == (1, None, None)


def test_many_pairs_are_drawn_and_the_same_each_time() -> None:
    differences = [float(i % 7) - 2.0 for i in range(20)]
    first = compare(differences)
    assert first == compare(differences)
    assert 0.0 < first.p_signflip < 0.2


def test_the_difference_is_the_second_minus_the_first() -> None:
    result = paired({("t", 1): 10.0, ("t", 2): 20.0}, {("t", 2): 26.0, ("t", 1): 14.0})
    assert result.mean_difference == 5.0


def test_values_without_a_partner_are_refused_by_name() -> None:
    with pytest.raises(EvaluationError, match=r"only one side has 2, 3$"):
        paired({1: 0.0, 2: 0.0}, {1: 0.0, 3: 0.0})
    with pytest.raises(EvaluationError, match="and 2 more"):
        paired(dict.fromkeys(range(8), 0.0), {0: 0.0})
    with pytest.raises(EvaluationError, match="no pairs"):
        paired({}, {})
