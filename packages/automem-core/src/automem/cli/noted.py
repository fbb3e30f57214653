"""Rows of short values, each with a text below it that has the whole width of the screen.

A column of texts beside columns of numbers is a few letters wide on a usual terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from automem.ui.words import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

GAP = 3
INDENT = 4
"""Of the text below a row."""


class NotedRow(NamedTuple):
    """What is shown of one thing."""

    cells: Sequence[str]
    note: str
    """Shown as it is, whoever wrote it; nothing where it is empty."""


def noted_rows(heads: Sequence[str], rows: Sequence[NotedRow]) -> Iterator[RenderableType]:
    """The heads, a line, and each row with its text; the first column on the left.

    Every row has as many cells as there are heads.
    """
    from rich.padding import Padding
    from rich.text import Text

    lines = [heads, *[row.cells for row in rows]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    yield Text()
    yield Text(_line(heads, widths), style="bold")
    yield Text("─" * len(_line(heads, widths)))
    for row in rows:
        yield Text(_line(row.cells, widths))
        if row.note:
            note = Text(" ".join(visible(row.note).split()), style="dim")
            yield Padding(note, (0, 0, 0, INDENT))
    yield Text()


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    others = [cell.rjust(width + GAP) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return "".join([first, *others])
