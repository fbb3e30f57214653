"""What `automem train` says to people: the ledger of recipes, the best specialist, final table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from automem.cli.noted import NotedRow, noted_rows
from automem.cli.tables import plain_table
from automem.records.ledger import Trial
from automem.ui.words import count, duration, mean_error, money, plural, visible
from automem_train.loop.working import Done

if TYPE_CHECKING:
    from rich.console import RenderableType

_HEADS = ("tried", "verdict", "points", "p", "trained", "review", "episodes")


def tables(done: Done) -> Iterator[RenderableType]:
    """What came of it."""
    if done.trials:
        yield from noted_rows(_HEADS, list(map(_trial, done.trials)))
    if done.specialist:
        best = f"the best specialist is {done.specialist} ({done.adapter})"
    else:
        best = "no specialist was kept"
    yield f"{done.why}; {best}, on the scaffold {done.scaffold} ({done.scaffold_hash})"
    spent = f"{count(done.tokens)} tokens, {money(done.cost)}"
    yield f"spent in this run: {spent}; trained for {duration(done.training_seconds)}"
    if done.report:
        yield from _report(done)


def _trial(trial: Trial) -> NotedRow:
    """A line of the ledger, with the change and what was learned below it."""
    trained = trial.trained
    cells = (
        trial.name,
        trial.verdict.replace("_", " "),
        "-" if trial.difference is None else f"{trial.difference:+.2f}",
        "-" if trial.p is None else f"{trial.p:.2g}",
        "-" if trained is None else duration(trained.seconds),
        money(trial.review_cost.cost),
        str(trial.play_cost.episodes),
    )
    learned = (
        ""
        if trained is None
        else f"; {plural(trained.examples, 'example')}, loss {trained.first_loss:.3f} to "
        f"{trained.last_loss:.3f}"
    )
    return NotedRow(cells, f"{trial.change}{learned}")


def _report(done: Done) -> Iterator[RenderableType]:
    from rich.text import Text

    table = plain_table(
        "report seeds", "progression %, mean ± SE", "over one model", "p (two-sided)"
    )
    for row in done.report:
        over = row.over_first
        table.add_row(
            Text(visible(row.name)),
            mean_error(row.mean, row.standard_error),
            "-" if over is None else mean_error(over.mean_difference, over.standard_error),
            "-" if over is None else f"{over.p_signflip:.4f} (n = {over.n})",
        )
    yield table
