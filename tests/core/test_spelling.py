"""Offering the name that was meant."""

from automem.spelling import closest, did_you_mean


def test_the_nearest_name_is_offered_and_a_far_one_is_not() -> None:
    assert did_you_mean("crafte", ["crafter", "hanoi"]) == "; did you mean 'crafter'?"
    assert did_you_mean("zork", ["crafter", "hanoi"]) == ""
    assert closest("crafte", ["crafter", "crafts"], alike=0.95) is None
