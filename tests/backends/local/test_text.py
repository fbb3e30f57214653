"""Text that arrives token by token."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automem_backends.local.text import AnswerText


def from_bytes(tokens: Sequence[int]) -> str:
    """Tokens that are bytes, so that a character may take several of them."""
    return bytes(tokens).decode("utf-8", "replace")


def fed(text: str, *stop: str, keeps: bool = False) -> AnswerText:
    answer = AnswerText(from_bytes, stop, keeps_stop=keeps)
    for token in text.encode():
        if answer.add(token):
            break
    return answer


def test_without_a_stop_string_the_text_is_all_of_it() -> None:
    assert fed("nördlich →").finish() == "nördlich →"


def test_a_stop_string_of_characters_in_several_tokens_is_found() -> None:
    answer = fed("gehe → und ✓ weiter", "✓")
    assert (answer.finish(), answer.stopped) == ("gehe → und ", "✓")


@pytest.mark.parametrize(("keeps", "left"), [(False, "a <|X"), (True, "a <|X|>")])
def test_a_stop_string_over_several_tokens_is_cut_or_kept(keeps: bool, left: str) -> None:
    assert fed("a <|X|> more", "|>", keeps=keeps).finish() == left


def test_the_first_of_several_stop_strings_wins() -> None:
    answer = fed("one two three", "three", "two")
    assert (answer.finish(), answer.stopped) == ("one ", "two")


def test_half_a_character_at_the_end_is_shown_as_such() -> None:
    answer = AnswerText(from_bytes, ("never",))
    answer.add("é".encode()[0])
    assert answer.finish() == "\ufffd"


@given(st.text(max_size=40), st.lists(st.text(min_size=1, max_size=4), max_size=3))
def test_text_is_cut_at_the_first_stop_string_as_if_it_were_there_at_once(
    text: str, stop: list[str]
) -> None:
    text = text.encode("utf-8", "replace").decode()
    answer = fed(text, *stop)
    if answer.stopped is None:
        assert answer.finish() == text
        assert not any(one in text for one in stop if "\ufffd" not in text)
    else:
        assert text.startswith(answer.finish() + answer.stopped)
