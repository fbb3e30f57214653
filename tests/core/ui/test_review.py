"""How a review is shown: as lines, as JSON, on a terminal."""

import io
import json

import pytest

from automem.records.review import Spent
from automem.ui.lines import LiveLines, Told, lines_display, make_lines_display
from automem.ui.review import ReviewLine, review_text

BEGUN = ReviewLine(title="revision 1: review", spent=Spent(), doing="")
LATER = ReviewLine(
    title="revision 1: review",
    spent=Spent(turns=1, tool_calls=2, tokens=12_300, cost=0.5),
    doing="after metric",
)


class Reading:
    """A review that is at one line, then at another."""

    def __init__(self) -> None:
        self.line = BEGUN

    def __call__(self) -> ReviewLine:
        return self.line


def test_the_sums_are_one_line() -> None:
    assert review_text(LATER) == "1 turn | 2 tool calls | 12.3k tokens | $0.5000 | after metric"
    assert review_text(BEGUN) == "0 turns | 0 tool calls | 0 tokens | $0.00"


def test_plain_lines_come_when_something_is_new_but_not_all_the_time() -> None:
    reading, stream = Reading(), io.StringIO()
    shown = make_lines_display("plain", Told(reading, review_text), stream)
    shown.begin(0.0)
    shown.update(60.0)
    assert stream.getvalue() == "revision 1: review\n"
    reading.line = LATER
    shown.update(5.0)
    assert stream.getvalue().count("\n") == 1
    shown.update(10.0)
    shown.update(30.0)
    shown.end(31.0)
    assert stream.getvalue().splitlines()[1:] == [review_text(LATER)] * 2


def test_json_lines_hold_title_sums_and_what_is_done() -> None:
    reading, stream = Reading(), io.StringIO()
    shown = make_lines_display("json", Told(reading, review_text), stream)
    shown.begin(0.0)
    reading.line = LATER
    shown.update(1.0)
    shown.end(1.0)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["review"] * 3
    assert lines[1]["spent"]["tokens"] == 12_300 and lines[2]["doing"] == "after metric"


def test_a_terminal_keeps_the_last_picture() -> None:
    reading, stream = Reading(), io.StringIO()
    shown = LiveLines(Told(reading, review_text), stream)
    shown.update(0.0)
    shown.end(0.0)
    assert stream.getvalue() == ""
    shown.begin(0.0)
    reading.line = LATER
    shown.update(2.0)
    shown.end(3.0)
    said = stream.getvalue()
    assert "revision 1: review" in said and "1 turn | 2 tool calls" in said and "in 3 s" in said


@pytest.mark.anyio
async def test_it_is_shown_while_the_body_runs_and_summed_up_when_it_fails() -> None:
    reading, stream = Reading(), io.StringIO()
    with pytest.raises(ValueError, match="a bug"):
        told = Told(reading, review_text)
        async with lines_display("plain", told, stream=stream, poll_seconds=0.0):
            reading.line = LATER
            raise ValueError("a bug")
    assert stream.getvalue().splitlines() == ["revision 1: review", review_text(LATER)]
