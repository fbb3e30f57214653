"""Numbers as people read them."""

import pytest

from automem.ui.words import count, duration, mean_error, money, percent, size, visible


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "?"), (11.6, "12 s"), (185, "3 min 05 s"), (7620, "2 h 07 min")],
)
def test_durations(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (950, "950"),
        (9_999, "9,999"),
        (12_345, "12.3k"),
        (4_560_000, "4.56M"),
        (7_890_000_000, "7.89B"),
    ],
)
def test_counts(number: int, said: str) -> None:
    assert count(number) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(812, "812 B"), (3_482, "3.4 KiB"), (1024**3, "1.0 GiB"), (5 * 1024**4, "5.0 TiB")],
)
def test_sizes(number: int, said: str) -> None:
    assert size(number) == said


@pytest.mark.parametrize(
    ("cost", "said"),
    [(None, "price unknown"), (0.0, "$0.00"), (0.0123, "$0.0123"), (12.0, "$12.00")],
)
def test_money(cost: float | None, said: str) -> None:
    assert money(cost) == said


def test_percents_and_errors() -> None:
    assert percent(None) == "-" and percent(47.271) == "47.27 %"
    assert mean_error(47.27, 2.05) == "47.27 ± 2.05"
    assert mean_error(47.27, None) == "47.27"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\n\tlines, \u00e9 \u4f60", "two\n\tlines, \u00e9 \u4f60"),
        ("\x1b]0;title\x07\x1b[2J", "\\x1b]0;title\\x07\\x1b[2J"),
        ("over\rwritten \x9b31m \x00\r\n", "over\\rwritten \\x9b31m \\x00\r\n"),
        ("\u202eback \ud800", "\\u202eback \\ud800"),
    ],
)
def test_a_terminal_only_shows_what_others_wrote(text: str, shown: str) -> None:
    assert visible(text) == shown
