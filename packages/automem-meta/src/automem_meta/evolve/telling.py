"""What `automem evolve` says to people: estimate, ledger, final table, false accepts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from automem.cli.noted import NotedRow, noted_rows
from automem.cli.tables import plain_table
from automem.records.ledger import Trial
from automem.records.repeats import FalseAccepts
from automem.ui.words import count, mean_error, money, plural, visible
from automem_meta.evolve.working import Done

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text


def tables(done: Done) -> Iterator[RenderableType]:
    """What came of it."""
    if done.against_itself is not None:
        yield from _against_itself(done.against_itself)
        return
    if done.trials:
        heads = ("tried", "verdict", "points", "p", "review", "episodes")
        yield from noted_rows(heads, list(map(_trial, done.trials)))
    yield f"{done.why}; the best scaffold is {done.champion} ({done.champion_hash})"
    yield f"spent in this run: {count(done.tokens)} tokens, {money(done.cost)}"
    if done.report:
        yield from _report(done)


def _trial(trial: Trial) -> NotedRow:
    """A line of the ledger, with the change below it."""
    cells = (
        trial.name,
        trial.verdict.replace("_", " "),
        "-" if trial.difference is None else f"{trial.difference:+.2f}",
        "-" if trial.p is None else f"{trial.p:.2g}",
        money(trial.review_cost.cost),
        str(trial.play_cost.episodes),
    )
    return NotedRow(cells, trial.change)


def _report(done: Done) -> Iterator[RenderableType]:
    table = plain_table(
        "report seeds", "progression %, mean ± SE", "over the first", "p (two-sided)", "no code %"
    )
    for row in done.report:
        over = row.over_first
        table.add_row(
            _plain(row.name),
            mean_error(row.mean, row.standard_error),
            "-" if over is None else mean_error(over.mean_difference, over.standard_error),
            "-" if over is None else f"{over.p_signflip:.4f} (n = {over.n})",
            "-" if row.without_code is None else f"{row.without_code:.2f}",
        )
    yield table
    for row in done.report:
        if row.code_is_needed:
            yield f"{row.name} without perceive and guard: {row.code_is_needed}"


def _against_itself(found: FalseAccepts) -> Iterator[RenderableType]:
    times = len(found.repeats)
    low, high = (100 * bound for bound in found.interval)
    yield (
        f"{found.name} against itself by the gate {found.gate}: accepted {found.accepted} of "
        f"{times} times, {100 * found.rate:.1f} % (95 % interval {low:.1f} to {high:.1f} %)"
    )
    yield f"played: {plural(found.cost.episodes, 'episode')}, {money(found.cost.cost)}"


def _plain(text: str) -> Text:
    """A text of a meta-LLM as it is: a table would read markup in it."""
    from rich.text import Text

    return Text(visible(text))
