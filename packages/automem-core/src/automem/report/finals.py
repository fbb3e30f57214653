"""The final tables of runs as a page shows them, and the tests over all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from automem.evaluate.reading import reading
from automem.evaluate.statistics import Paired, holm
from automem.loops.final import FinalRow
from automem.loops.pipeline import FinalTable, read_table
from automem.records._struct import Record
from automem.records.behaviour import Measure
from automem.report.published import beside, champion, published
from automem.run.layout import RunFolder

PANEL = (
    "writes_per_search",
    "consulted_writes",
    "redundant_writes",
    "empty_searches",
    "unproductive",
    "growth",
    "reread",
    "input_context",
)
"""Measures of how memory was used, those that the paper gives first."""


class FinalLine(Record):
    """One row of a table, and what the paper has in its place."""

    row: FinalRow
    published: tuple[float, ...]
    reading: str
    """Of its own question: what a change, a specialist, or leaving out code does."""


class PanelLine(Record):
    """One measure in every row that has memory files."""

    title: str
    unit: str
    measures: tuple[Measure | None, ...]
    published: tuple[float, float] | None


class FinalPart(Record):
    """One run."""

    table: FinalTable
    lines: tuple[FinalLine, ...]
    columns: tuple[str, ...]
    """Names of the rows that the panel shows."""
    panel: tuple[PanelLine, ...]


class Together(Record):
    """One question asked of one run, its p adjusted for all runs of which it is asked."""

    question: str
    run: str
    environment: str
    paired: Paired
    p_holm: float
    reading: str


def finals(runs: Sequence[RunFolder]) -> list[FinalPart]:
    """The tables there are. Raises RunError for a damaged one."""
    tables = [table for run in runs if (table := read_table(run)) is not None]
    return [_part(table) for table in tables]


def together(parts: Sequence[FinalPart]) -> list[Together]:
    """Each question over all runs that can answer it; none where that is one run."""
    found: list[Together] = []
    for question, ask in _QUESTIONS.items():
        asked = {n: result for n, part in enumerate(parts) if (result := ask(part.table))}
        if len(asked) < 2:
            continue
        adjusted = holm({n: result.p_signflip for n, result in asked.items()})
        for n, result in asked.items():
            table = parts[n].table
            found.append(
                Together(
                    question=question,
                    run=table.run,
                    environment=table.environment,
                    paired=result,
                    p_holm=adjusted[n],
                    reading=reading(result, adjusted[n]),
                )
            )
    return found


def _part(table: FinalTable) -> FinalPart:
    remembering = [row for row in table.rows if row.kind != "baseline"]
    return FinalPart(
        table=table,
        lines=tuple([_line(table, row) for row in table.rows]),
        columns=tuple([row.name for row in remembering]),
        panel=tuple(_panel(table, remembering)),
    )


def _line(table: FinalTable, row: FinalRow) -> FinalLine:
    own = row.over_parent or row.over_first
    return FinalLine(
        row=row,
        published=beside(table, row),
        reading=reading(own) if own is not None else "",
    )


def _panel(table: FinalTable, rows: Sequence[FinalRow]) -> Iterator[PanelLine]:
    known = [{measure.name: measure for measure in row.measures} for row in rows]
    figures = published()
    game = figures.games.get(table.environment)
    given: dict[str, tuple[float, float]] = {"growth": figures.growth}
    if game is not None:
        given["writes_per_search"] = game.writes_per_search
    for name in PANEL:
        measures = tuple([measured.get(name) for measured in known])
        first = next((measure for measure in measures if measure is not None), None)
        if first is not None:
            yield PanelLine(
                title=first.title,
                unit=first.unit,
                measures=measures,
                published=given.get(name) if game is not None else None,
            )


def _evolved(table: FinalTable) -> Paired | None:
    row = champion(table, "evolve")
    return None if row is None else row.over_first


def _trained(table: FinalTable) -> Paired | None:
    row = champion(table, "train")
    return None if row is None else row.over_parent


def _both(table: FinalTable) -> Paired | None:
    row = champion(table, "train")
    return None if row is None else row.over_first


_QUESTIONS: Mapping[str, Callable[[FinalTable], Paired | None]] = {
    "the best scaffold over the first": _evolved,
    "the best specialist over one model with the same scaffold": _trained,
    "the best specialist over the first scaffold": _both,
}
