"""What `automem pipeline` says to people: the estimate, and the final table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from automem.cli.tables import plain_table
from automem.evaluate.reading import reading
from automem.evaluate.statistics import Paired
from automem.loops.amounts import Foreseen
from automem.loops.final import FinalRow
from automem.loops.foreseeing import PipelineEstimate
from automem.loops.pipeline import FinalTable
from automem.ui.words import count, duration, mean_error, money, visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

UNKNOWN = "not known"


def estimate_tables(expected: PipelineEstimate) -> Iterator[RenderableType]:
    """What is left, stage by stage: if nothing helps, and at most."""
    yield _amounts(
        "left, if nothing helps", [(s.name, s.if_nothing_helps) for s in expected.stages]
    )
    yield _amounts("left, at most", [(s.name, s.at_most) for s in expected.stages])
    yield from expected.sources
    for note in expected.notes:
        yield f"note: {note}"


def _amounts(head: str, stages: Sequence[tuple[str, Foreseen]]) -> RenderableType:
    table = plain_table(head, *(name for name, _ in stages))
    for name, read in _AMOUNTS:
        table.add_row(name, *(read(amounts) for _, amounts in stages))
    return table


def final_tables(table: FinalTable) -> Iterator[RenderableType]:
    """Every version on the report seeds, and what may be said of the differences."""
    shown = plain_table(
        f"report seeds of {table.environment}", "progression %, mean ± SE", "over the first", "p"
    )
    for row in table.rows:
        shown.add_row(
            _plain(row.name),
            mean_error(row.mean, row.standard_error),
            _difference(row.over_first),
            "-" if row.over_first is None else f"{row.over_first.p_signflip:.4f}",
        )
    yield shown
    first = table.rows[0].name
    for row in table.rows:
        yield from _lines(row, first)
    for loop in table.loops:
        best = f"; the best is {loop.champion}" if loop.champion else ""
        yield f"{loop.name}: {loop.tried} tried, {loop.kept} kept; {loop.why}{best}"
    yield f"spent in this run: {count(table.tokens)} tokens, {money(table.cost)}"


def _lines(row: FinalRow, first: str) -> Iterator[str]:
    """The comparisons of a row in words."""
    if row.kind == "scaffold" and row.over_first is not None:
        yield _compared(row.name, first, row.over_first)
    if row.kind == "specialist" and row.over_parent is not None:
        yield _compared(row.name, f"{row.parent} played by one model", row.over_parent)
    if row.code_is_needed:
        yield f"{row.name} without perceive and guard: {row.code_is_needed}"


def _compared(one: str, other: str, result: Paired) -> str:
    interval = result.interval_signflip or result.interval
    span = f", 95 % interval {interval[0]:+.2f} to {interval[1]:+.2f}" if interval else ""
    return (
        f"{one} - {other}: {result.mean_difference:+.2f} points over {result.n} pairs{span}; "
        f"two-sided p: sign-flip {result.p_signflip:.4f}, Wilcoxon {result.p_wilcoxon:.4f}; "
        f"{reading(result)}"
    )


def _difference(result: Paired | None) -> str:
    return "-" if result is None else mean_error(result.mean_difference, result.standard_error)


def _plain(text: str) -> Text:
    """A text of a meta-LLM as it is: a table would read markup in it."""
    from rich.text import Text

    return Text(visible(text))


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f}"


def _tokens(value: float | None) -> str:
    return UNKNOWN if value is None else count(round(value))


def _money(value: float | None) -> str:
    return UNKNOWN if value is None else f"${value:,.0f}" if value >= 100 else money(value)


def _clock(value: float | None) -> str:
    return UNKNOWN if value is None else duration(3600 * value)


def _hours(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.1f}" if 0 < value < 100 else f"{value:,.0f}"


_AMOUNTS: tuple[tuple[str, Callable[[Foreseen], str]], ...] = (
    ("episodes", lambda of: _number(of.episodes)),
    ("steps", lambda of: _tokens(of.steps)),
    ("model calls", lambda of: _tokens(of.calls)),
    ("tokens of play", lambda of: _tokens(of.tokens)),
    ("time of play", lambda of: _clock(of.hours)),
    ("GPU hours of play", lambda of: _hours(of.gpu_hours)),
    ("money for play", lambda of: _money(of.cost)),
    ("reviews", lambda of: _number(of.reviews)),
    ("tokens of reviews", lambda of: _tokens(of.review_tokens)),
    ("money for reviews", lambda of: _money(of.review_cost)),
    ("trainings", lambda of: _number(of.trainings)),
    ("tokens of trainings", lambda of: _tokens(of.training_tokens)),
    ("time of trainings", lambda of: _clock(of.training_hours)),
    ("GPU hours of trainings", lambda of: _hours(of.training_gpu_hours)),
)
