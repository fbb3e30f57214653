"""Rows with a text below each."""

import io

from rich.console import Console

from automem.cli.noted import NotedRow, noted_rows

ROWS = [
    NotedRow(("001-a", "dropped", "-3.20"), "Show the last twenty lines of the log every step."),
    NotedRow(("001-b", "kept", "+12.50"), "A [bold] word,\x1b[31m on\ntwo lines."),
    NotedRow(("001-c", "no proposal", "-"), ""),
]


def shown(width: int) -> list[str]:
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    for part in noted_rows(("tried", "verdict", "points"), ROWS):
        console.print(part, markup=False, highlight=False)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_columns_stand_one_below_the_other_and_texts_have_the_whole_width() -> None:
    assert shown(80) == [
        "",
        "tried       verdict   points",
        "────────────────────────────",
        "001-a       dropped    -3.20",
        "    Show the last twenty lines of the log every step.",
        "001-b          kept   +12.50",
        r"    A [bold] word,\x1b[31m on two lines.",
        "001-c   no proposal        -",
        "",
    ]


def test_a_text_that_is_wider_than_the_screen_goes_on_below_its_beginning() -> None:
    lines = shown(40)
    assert lines[4:6] == ["    Show the last twenty lines of the", "    log every step."]
    assert max(map(len, lines)) <= 40
