"""Which lines stay themselves when a stretch is replaced."""

from hypothesis import given
from hypothesis import strategies as st

from automem.evaluate.behaviour.alignment import Hunk, hunks

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


def test_lines_cut_off_the_top_are_gone_and_the_rest_stays() -> None:
    assert hunks(["a", "b", "c"], ["b", "c", "d"]) == [Hunk(0, 1, 0, 0), Hunk(3, 3, 2, 3)]
    assert hunks(["a", "b"], ["a", "b", "c"]) == [Hunk(2, 2, 2, 3)]


def test_a_changed_line_between_others_is_the_only_one_that_changes() -> None:
    assert hunks(["a", "b", "c"], ["x", "b", "y"]) == [Hunk(0, 1, 0, 1), Hunk(2, 3, 2, 3)]


def test_where_one_side_is_empty_everything_differs() -> None:
    assert hunks(["a"], []) == [Hunk(0, 1, 0, 0)]
    assert hunks([], ["a"]) == [Hunk(0, 0, 0, 1)]


@given(LINES, LINES)
def test_what_stays_is_equal_on_both_sides(old: list[str], new: list[str]) -> None:
    made: list[str] = []
    kept = 0
    for hunk in hunks(old, new):
        made += [*old[kept : hunk.old_start], *new[hunk.new_start : hunk.new_end]]
        kept = hunk.old_end
    assert made + old[kept:] == new
