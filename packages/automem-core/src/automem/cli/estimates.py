"""What a loop will come to, as a table: if nothing helps, and at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from automem.cli.tables import plain_table
from automem.loops.loop import Amounts, LoopEstimate
from automem.ui.words import count, duration, money, plural

if TYPE_CHECKING:
    from rich.console import RenderableType

UNKNOWN = "not known"


def estimate_tables(expected: LoopEstimate) -> Iterator[RenderableType]:
    """What is left, if nothing helps and at most."""
    table = plain_table("what is left", "if nothing helps", "at most")
    rows = _ROWS if expected.at_most.trainings == 0 else _ROWS + _TRAINING
    for name, read in rows:
        table.add_row(name, read(expected.if_nothing_helps), read(expected.at_most))
    yield table
    if expected.report_episodes:
        yield f"then --report plays at most {plural(expected.report_episodes, 'episode')}"
    if expected.measured_episodes:
        yield (
            f"measured over {plural(expected.measured_episodes, 'episode')} "
            f"in {expected.measured_in}"
        )
    if expected.assumed:
        yield expected.assumed
    for note in expected.notes:
        yield f"note: {note}"


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f}"


def _tokens(value: float | None) -> str:
    return UNKNOWN if value is None else count(round(value))


def _money(value: float | None) -> str:
    return UNKNOWN if value is None else money(value)


def _hours(value: float | None) -> str:
    return UNKNOWN if value is None else duration(3600 * value)


_ROWS: tuple[tuple[str, Callable[[Amounts], str]], ...] = (
    ("tries", lambda of: _number(of.tries)),
    ("episodes", lambda of: _number(of.episodes)),
    ("steps", lambda of: _number(of.steps)),
    ("model calls", lambda of: _number(of.calls)),
    ("tokens of play", lambda of: _tokens(of.tokens)),
    ("money for play", lambda of: _money(of.cost)),
    ("time of play", lambda of: _hours(of.hours)),
    ("turns of reviews", lambda of: _number(of.review_turns)),
    ("tokens of reviews", lambda of: _tokens(of.review_tokens)),
    ("money for reviews", lambda of: _money(of.review_cost)),
    ("time of reviews", lambda of: _hours(of.review_hours)),
)
_TRAINING: tuple[tuple[str, Callable[[Amounts], str]], ...] = (
    ("trainings", lambda of: _number(of.trainings)),
    ("tokens of training", lambda of: _tokens(of.training_tokens)),
    ("time of training", lambda of: _hours(of.training_hours)),
)
