"""Stored texts come back exactly, and a growing file costs what it grows by."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automem.episode.texts import WINDOW_CHARACTERS, WINDOW_LINES, TextWindow

lines = st.sampled_from(
    ["", "a", "x" * 60, "tree at 3,4 since the first step of the game", "water to the east, far"]
) | st.text(max_size=80)


@given(st.lists(st.lists(lines, max_size=12).map("\n".join), max_size=12))
def test_every_text_comes_back_exactly(texts: list[str]) -> None:
    writer, reader = TextWindow(), TextWindow()
    for text in texts:
        stored = json.loads(json.dumps(writer.store(text)))
        assert reader.read(stored) == text


def test_a_file_shown_at_every_step_costs_only_what_is_new() -> None:
    writer, reader = TextWindow(), TextWindow()
    file: list[str] = []
    sizes: list[int] = []
    for step in range(600):
        file.append(f"step {step}: walked to {step % 13},{step % 7} and saw nothing new there")
        text = "Here is the whole file as it is now:\n" + "\n".join(file)
        stored = writer.store(text)
        sizes.append(len(json.dumps(stored)))
        assert reader.read(stored) == text
    assert sum(sizes[-100:]) <= 1.2 * sum(sizes[100:200])


def test_a_file_of_equal_lines_costs_no_more() -> None:
    writer = TextWindow()
    sizes: list[int] = []
    for step in range(1, 400):
        text = "\n".join(["the very same line again and again, nothing happened"] * step)
        sizes.append(len(json.dumps(writer.store(text))))
    assert max(sizes[2:]) < 200


def test_texts_that_left_the_window_are_not_referred_to() -> None:
    writer, reader = TextWindow(), TextWindow()
    early = "a line that is long enough to be referred to later, surely\n" * 3
    assert reader.read(writer.store(early)) == early
    for number in range(3):
        block = "\n".join(f"filler {number} {i} of the window" for i in range(WINDOW_LINES // 2))
        assert reader.read(writer.store(block)) == block
    assert writer.store(early) == early
    assert writer.store(early) != early


def test_long_lines_leave_the_window_sooner() -> None:
    writer, reader = TextWindow(), TextWindow()
    early = "a line that is long enough to be referred to later, surely\n" * 3
    assert reader.read(writer.store(early)) == early
    for number in range(4):
        block = "\n".join(f"{number} {i} " + "x" * 3_000 for i in range(WINDOW_CHARACTERS // 9_000))
        assert reader.read(writer.store(block)) == block
    assert writer.store(early) == early
    assert len(writer.store(early)) == 1


@pytest.mark.parametrize("part", [[0, 0, 1], [5, 0, 1], [1, 0, 99], [1, -1, 1], [1, 0, 0]])
def test_a_reference_to_nothing_is_an_error(part: list[int]) -> None:
    reader = TextWindow()
    reader.read("one line that is long enough to join the window of texts\nand two")
    with pytest.raises(IndexError):
        reader.read([part])
