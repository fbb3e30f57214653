import pytest
from hypothesis import given
from hypothesis import strategies as st

from automem.errors import TraceError
from automem.memory.edits import apply, difference
from automem.records.memory import Edit

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


def test_equal_lines_have_no_difference() -> None:
    assert difference(["a"], ["a"]) is None
    assert difference([], []) is None


def test_an_appended_line_is_an_edit_at_the_end() -> None:
    assert difference(["a"], ["a", "b"]) == Edit(start=1, removed=0, added=("b",))


def test_a_changed_line_is_an_edit_of_that_line() -> None:
    edit = difference(["a", "b", "c"], ["a", "x", "c"])
    assert edit == Edit(start=1, removed=1, added=("x",))


def test_a_repeated_line_that_goes_is_counted_once() -> None:
    assert difference(["a", "a", "a"], ["a", "a"]) == Edit(start=2, removed=1, added=())


@given(LINES, LINES)
def test_applying_the_difference_gives_the_new_lines(old: list[str], new: list[str]) -> None:
    edit = difference(old, new)
    assert (apply(old, edit) if edit else old) == new


@pytest.mark.parametrize(
    "edit",
    [
        Edit(start=0, removed=2, added=()),
        Edit(start=2, removed=0, added=("x",)),
        Edit(start=-1, removed=0, added=()),
        Edit(start=1, removed=-1, added=()),
    ],
)
def test_an_edit_that_does_not_fit_is_an_error(edit: Edit) -> None:
    with pytest.raises(TraceError, match="does not fit a file of 1 lines"):
        apply(["a"], edit)
