"""Behavior of memory as tables for people: one line a measure, two columns an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from automem.evaluate.behaviour.measures import with_behaviour
from automem.evaluate.evaluator import read_evaluation
from automem.records._struct import Record
from automem.records.behaviour import Behaviour, BehaviourSummary, Measure, Unit
from automem.run.layout import RunFolder

if TYPE_CHECKING:
    from rich.table import Table

MOST_COLUMNS = 2
_ARROWS = {"lower": "↓", "higher": "↑", "": " "}
_UNITS: Mapping[Unit, str] = {
    "share": ", %",
    "ratio": "",
    "per 100 steps": ", per 100 steps",
    "tokens": ", tokens",
    "characters": ", chars",
    "steps": ", steps",
    "lines": ", lines",
}


class EpisodeBehaviour(Record):
    """The counts of one episode."""

    task: str
    seed: int
    counts: Behaviour | None


class EvaluationBehaviour(Record):
    """What `automem runs show --behaviour --json` prints for each complete evaluation."""

    key: str
    name: str
    environment: str
    summary: BehaviourSummary
    episodes: tuple[EpisodeBehaviour, ...]


def behaviours(run: RunFolder) -> list[EvaluationBehaviour]:
    """The behavior of every complete evaluation, read from traces where it was not kept.

    Raises EvaluationError, TraceError, ScaffoldError for damaged files.
    """
    shown: list[EvaluationBehaviour] = []
    for folder in run.evaluations():
        if folder.evaluation.exists():
            evaluation = with_behaviour(read_evaluation(folder), folder)
            if evaluation.behaviour is not None:
                shown.append(
                    EvaluationBehaviour(
                        key=evaluation.key,
                        name=evaluation.name,
                        environment=evaluation.environment,
                        summary=evaluation.behaviour,
                        episodes=tuple(
                            [
                                EpisodeBehaviour(task=e.task, seed=e.seed, counts=e.behaviour)
                                for e in evaluation.episodes
                            ]
                        ),
                    )
                )
    return shown


def behaviour_tables(shown: Sequence[EvaluationBehaviour]) -> list[Table]:
    """As many tables as it takes so that each fits a screen."""
    parts = range(0, len(shown), MOST_COLUMNS)
    return [_table(shown[part : part + MOST_COLUMNS]) for part in parts]


def legend() -> str:
    """What columns and signs mean."""
    return (
        "mean: over the episodes that have a value, with its standard error (macro); "
        "all: ratio of the sums over all episodes (micro);\n"
        "↓ lower is better, ↑ higher is better; -: there is nothing to divide by"
    )


def number(value: float | None, unit: Unit, *, like: float | None = None) -> str:
    """A measure as a person reads it, with as many digits as `like` has; shares in percent."""
    if value is None:
        return "-"
    if unit == "share":
        return f"{100 * value:.1f}"
    size = abs(value if like is None else like)
    return f"{value:,.{0 if size >= 100 else 1 if size >= 10 else 2}f}"


def _table(shown: Sequence[EvaluationBehaviour]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    table.add_column("\n  measure", no_wrap=True)
    for each in shown:
        table.add_column(f"{each.name}\nmean ± SE", justify="right", no_wrap=True)
        table.add_column("\nall", justify="right", no_wrap=True)
    named = [{measure.name: measure for measure in each.summary.measures} for each in shown]
    for measure in shown[0].summary.measures:
        cells: list[str] = []
        for measures in named:
            other = measures.get(measure.name)
            cells += [_mean(other), number(other.micro, other.unit)] if other else ["-", "-"]
        table.add_row(_title(measure), *cells)
    return table


def _title(measure: Measure) -> str:
    arrow = _ARROWS[measure.better or ""]
    return f"{arrow} {'  ' if measure.part_of else ''}{measure.title}{_UNITS[measure.unit]}"


def _mean(measure: Measure) -> str:
    text = number(measure.macro, measure.unit)
    if measure.macro_error is None:
        return text
    return f"{text} ± {number(measure.macro_error, measure.unit, like=measure.macro)}"
