"""The score of each task as a table, where a game has several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from automem.cli.tables import benchmark_score, plain_table
from automem.records.result import Evaluation
from automem.ui.words import mean_error

if TYPE_CHECKING:
    from rich.table import Table


def tasks_tables(evaluations: Sequence[Evaluation]) -> list[Table]:
    """A table for each evaluation of several tasks; they are the strata of its mean."""
    return [_tasks(evaluation) for evaluation in evaluations if len(evaluation.tasks) > 1]


def _tasks(evaluation: Evaluation) -> Table:
    heads = ["episodes", "progression %"]
    if any(benchmark_score(evaluation, task) for task in evaluation.tasks):
        heads.append("benchmark's own %")
    table = plain_table(f"{evaluation.name} by task", *heads)
    for score in evaluation.scores:
        cells = (
            str(score.episodes),
            mean_error(score.mean, score.standard_error),
            benchmark_score(evaluation, score.task),
        )
        table.add_row(score.task, *cells[: len(heads)])
    table.add_section()
    total = mean_error(evaluation.mean, evaluation.standard_error)
    table.add_row("all, tasks as strata", str(len(evaluation.episodes)), total)
    return table
