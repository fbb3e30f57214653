"""What there is to tell of a run: its status, its evaluations, what is not finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automem.episode.tally import totals_of
from automem.errors import AutoMemError
from automem.evaluate.evaluator import read_evaluation
from automem.evaluate.replay import read_plan
from automem.records._struct import Record
from automem.records.result import Evaluation
from automem.records.run import RunStatus
from automem.run.layout import EvaluationFolder, RunFolder
from automem.run.status import read_status
from automem.ui.words import count, money, size

if TYPE_CHECKING:
    from rich.table import Table


class Overview(Record):
    """One line of `automem runs list`."""

    name: str
    path: str
    status: str
    """As `run.json` has it, or `unknown`."""
    heartbeat: str
    complete: int
    """Evaluations that are complete."""
    planned: int
    """Evaluations that were begun."""


class Incomplete(Record):
    """An evaluation without a mean."""

    key: str
    name: str
    finished: int
    """Episodes with a result."""
    episodes: int
    """Episodes it needs."""


class Details(Record):
    """What `automem runs show` shows."""

    name: str
    status: RunStatus | None
    evaluations: tuple[Evaluation, ...]
    unfinished: tuple[Incomplete, ...]


def overview(run: RunFolder) -> Overview:
    """One run in a line; a damaged `run.json` is a status too."""
    try:
        status = read_status(run)
    except AutoMemError:
        status = None
    folders = run.evaluations()
    return Overview(
        name=run.name,
        path=str(run.path),
        status=status.status if status else "unknown",
        heartbeat=status.heartbeat if status else "",
        complete=sum(folder.evaluation.exists() for folder in folders),
        planned=len(folders),
    )


def overview_table(rows: list[Overview]) -> Table:
    """The runs as a table."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("run", "status", "evaluations", "last sign of life"):
        table.add_column(head)
    for row in rows:
        complete = f"{row.complete} of {row.planned} complete"
        table.add_row(row.name, row.status, complete, _minute(row.heartbeat))
    return table


def _minute(moment: str) -> str:
    return f"{moment[:16].replace('T', ' ')} UTC" if moment else ""


def details(run: RunFolder) -> Details:
    """Everything known of a run. Raises RunError, EvaluationError for damaged files."""
    folders = run.evaluations()
    return Details(
        name=run.name,
        status=read_status(run),
        evaluations=tuple(read_evaluation(f) for f in folders if f.evaluation.exists()),
        unfinished=tuple(
            _incomplete(f) for f in folders if f.plan.exists() and not f.evaluation.exists()
        ),
    )


def status_lines(run: RunFolder, shown: Details) -> list[str]:
    """Status, machine and sums as text."""
    lines = [f"{run.name}: {run.path}"]
    status = shown.status
    if status is not None:
        machine = status.provenance.hardware
        memory = f", {size(machine.memory_bytes)}" if machine.memory_bytes else ""
        lines += [
            f"status: {status.status}" + (f" ({status.message})" if status.message else ""),
            f"started {status.started_at}, last sign of life {status.heartbeat}",
            f"machine: {machine.cores} cores{memory}{''.join(f', {g}' for g in machine.gpus)}",
        ]
        git = status.provenance.git
        if git is not None:
            lines.append(f"commit: {git.commit[:12]}{' with changes' if git.dirty else ''}")
    if shown.evaluations:
        totals = totals_of([evaluation.totals for evaluation in shown.evaluations])
        usage = totals.usage
        lines.append(
            f"tokens: {count(usage.input_tokens - usage.cached_tokens)} in uncached, "
            f"{count(usage.cached_tokens)} in cached, {count(usage.output_tokens)} out; "
            f"cost: {money(totals.cost)}"
        )
    return lines


def unfinished_lines(shown: Details) -> list[str]:
    """The evaluations without a mean."""
    return [
        f"not complete: {each.name} {each.key[:8]}, {each.finished} of {each.episodes} episodes"
        for each in shown.unfinished
    ]


def _incomplete(folder: EvaluationFolder) -> Incomplete:
    plan = read_plan(folder)
    return Incomplete(
        key=folder.path.name,
        name=plan.name,
        finished=sum(episode.result.exists() for episode in folder.episodes()),
        episodes=len(plan.tasks) * len(plan.seeds),
    )
