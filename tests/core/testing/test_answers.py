"""Answers that play any scaffold."""

from __future__ import annotations

from typing import Any

import pytest

from automem.testing.answers import play


def asked(text: str) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "system", "content": "End LOG by <|DONE|> and PLAN by <|ACTION|>name<|END|>."},
            {"role": "user", "content": text},
        ]
    }


APPEND = "- <|APPEND|>file|text<|END|> - adds a line\n"
INDEX = "Files:\n- log.txt (3 lines): what happened\n"


def test_plan_is_answered_by_a_move() -> None:
    said = play(asked("Commit by <|ACTION|>name<|END|>."))
    assert said.startswith("<|ACTION|>")
    assert said.endswith("<|END|>")


def test_moves_differ_with_what_is_seen_and_are_the_same_for_the_same() -> None:
    moves = [play(asked(f"cow {number}. <|ACTION|>")) for number in range(50)]
    assert len(set(moves)) > 3
    assert moves == [play(asked(f"cow {number}. <|ACTION|>")) for number in range(50)]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (APPEND + INDEX, "<|APPEND|>log.txt|note "),
        ("- <|APPEND|>text<|END|> - adds\n", "<|APPEND|>note "),
        ("- <|SEARCH|>f|w<|END|>\n- <|UPSERT_MAP|>x,y|text<|END|>\n", "<|UPSERT_MAP|>"),
        ("- <|WRITE_GOALS|>text<|END|>\n- <|LOG_STEP|>text<|END|>\n", "<|LOG_STEP|>note "),
        (APPEND, "<|DONE|>"),
        ("- <|SEARCH|>file|words<|END|>\n", "<|DONE|>"),
    ],
)
def test_log_is_answered_by_a_note_that_the_prompt_offers(prompt: str, expected: str) -> None:
    said = play(asked(prompt + "End with <|DONE|>."))
    assert said.startswith(expected)
    assert said.endswith("<|DONE|>")
