"""Near repeats against the definition, computed by comparing every pair."""

from hypothesis import given, settings
from hypothesis import strategies as st

from automem.evaluate.behaviour.repeats import Repeats
from automem.memory.contents import folded

WORDS = st.sampled_from(["tree", "cow", "at", "north", "5,3", "5,4", "12,7", "Step 3:", "lake"])
LINES = st.lists(WORDS, max_size=20).map(" ".join)


def pieces(text: str) -> set[str]:
    return {text[i : i + 3] for i in range(max(1, len(text) - 2))}


def alike(one: str, other: str) -> bool:
    if one == other:
        return True
    mine, theirs = pieces(one), pieces(other)
    return len(mine & theirs) / len(mine | theirs) >= 0.9 - 1e-12


def says(file: list[str], line: str) -> bool:
    wanted = folded(line)
    return not wanted or any(alike(wanted, folded(known)) for known in file if folded(known))


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=30), st.lists(LINES, min_size=1, max_size=5), st.data())
def test_what_is_found_is_what_comparing_every_pair_finds(
    file: list[str], wanted: list[str], data: st.DataObject
) -> None:
    repeats = Repeats(file)
    gone = data.draw(st.lists(st.sampled_from(file), unique=True)) if file else []
    repeats.remove(gone)
    left = list(file)
    for line in gone:
        left.remove(line)
    assert repeats.add(wanted) == all(says(left, line) for line in wanted)


def test_a_long_file_is_searched_as_a_short_one() -> None:
    repeats = Repeats([])
    for number in range(400):
        line = f"a cow at {number},{number * 7}"
        assert not repeats.add([line])
        assert repeats.add([f"Step {number}: {line.upper()}"])
    long = "beside the lake in the north there stands a cow that is not to be eaten yet"
    assert not repeats.add([long])
    repeats.remove([long, "a line that never was"])
    assert not repeats.add([f"{long}!"])
    assert repeats.add([long])
