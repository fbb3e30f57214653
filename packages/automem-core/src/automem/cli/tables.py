"""Evaluations as tables for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from automem.evaluate.statistics import Paired, mean_and_error
from automem.records.model import Role, Usage
from automem.records.result import Evaluation
from automem.ui.words import count, duration, mean_error, money, plural

if TYPE_CHECKING:
    from rich.table import Table

    from automem.cli.comparison import Comparison

MOST_ROWS = 40
MOST_COLUMNS = 3
FEWEST_HEADS = 4
"""Of an episode: its name, progression, steps and how it ended."""
USUAL_WIDTH = 80
WIDEST = 10_000
SHORT_KEY = 8


def evaluations_table(evaluations: Sequence[Evaluation]) -> Table:
    """One column an evaluation: score, errors, what it took."""
    table = plain_table("evaluation", *(f"{e.name} {e.key[:SHORT_KEY]}" for e in evaluations))
    rows: list[tuple[str, Callable[[Evaluation], str]]] = [
        ("agent", lambda e: e.agent),
        ("environment", lambda e: f"{e.environment} {e.profile}".rstrip()),
        ("episodes", lambda e: str(len(e.episodes))),
        ("progression %, mean ± SE", lambda e: mean_error(e.mean, e.standard_error)),
        ("SE as BALROG has it", lambda e: f"{e.balrog_standard_error:.2f}"),
        ("steps", lambda e: f"{e.totals.steps:,}"),
        ("model calls", lambda e: f"{e.totals.calls:,}"),
        ("tokens in", lambda e: count(e.totals.usage.input_tokens)),
        ("of them cached", lambda e: _cached(e.totals.usage)),
        ("tokens out", lambda e: count(e.totals.usage.output_tokens)),
        ("cost", lambda e: money(e.totals.cost)),
    ]
    roles: dict[Role, None] = dict.fromkeys(r for e in evaluations for r in e.totals.roles)
    if len(roles) > 1:
        place = next(i for i, (name, _) in enumerate(rows) if name == "tokens out")
        rows[place:place] = [(f"{role}: in, cached", partial(_cached_by, role)) for role in roles]
    if any(benchmark_score(evaluation) for evaluation in evaluations):
        rows.insert(4, ("benchmark's own %, mean ± SE", benchmark_score))
    if any(_mixed(evaluation) for evaluation in evaluations):
        rows.append(("mixed versions", _mixed))
    for name, show in rows:
        table.add_row(name, *(show(evaluation) for evaluation in evaluations))
    return table


def _cached(usage: Usage) -> str:
    """Cached prompt tokens, and their share where there are any."""
    share = f" ({usage.cached_tokens / usage.input_tokens:.0%})" if usage.cached_tokens else ""
    return count(usage.cached_tokens) + share


def _cached_by(role: Role, evaluation: Evaluation) -> str:
    """Prompt tokens of one role, and how many of them were cached."""
    usage = evaluation.totals.roles.get(role)
    return f"{count(usage.input_tokens)}, {_cached(usage)}" if usage else ""


def _mixed(evaluation: Evaluation) -> str:
    """What the episodes of one evaluation were played by different versions of."""
    return "; ".join(
        f"{name} {' and '.join(found)}"
        for name, found in evaluation.versions.items()
        if len(found) > 1
    )


def benchmark_score(evaluation: Evaluation, task: str | None = None) -> str:
    """Mean and error in percent as the benchmark's own code counts; empty where it is the same."""
    episodes = [e for e in evaluation.episodes if task in (None, e.task)]
    values = [e.benchmark_progression for e in episodes if e.benchmark_progression is not None]
    if len(values) < len(episodes):
        return ""
    return mean_error(*mean_and_error([100 * value for value in values]))


def evaluations_tables(
    evaluations: Sequence[Evaluation], *, width: int = USUAL_WIDTH
) -> list[Table]:
    """As many tables as it takes so that each fits a screen of `width`."""
    for most in range(MOST_COLUMNS, 0, -1):
        parts = range(0, len(evaluations), most)
        tables = [evaluations_table(evaluations[part : part + most]) for part in parts]
        if most == 1 or all(_width(table) <= width for table in tables):
            return tables
    return []


def episodes_table(evaluation: Evaluation, *, width: int = USUAL_WIDTH) -> Table:
    """One line an episode; the last columns are left out where `width` is too narrow."""
    heads = ["episode", "progression %", "steps", "ended", "calls", "invalid", "tokens", "time"]
    while _width(table := _episodes(evaluation, heads)) > width and len(heads) > FEWEST_HEADS:
        heads.pop()
    return table


def _episodes(evaluation: Evaluation, heads: Sequence[str]) -> Table:
    table = plain_table(*heads)
    for result in evaluation.episodes[:MOST_ROWS]:
        totals = result.totals
        cells = (
            f"{result.task}/{result.seed}",
            f"{100 * result.progression:.2f}",
            f"{totals.steps:,}",
            result.reason,
            f"{totals.calls:,}",
            str(totals.invalid_actions),
            count(totals.usage.input_tokens + totals.usage.output_tokens),
            duration(totals.seconds),
        )
        table.add_row(*cells[: len(heads)])
    hidden = len(evaluation.episodes) - MOST_ROWS
    if hidden > 0:
        table.add_row(f"and {hidden} more")
    return table


def pairs_table(a: Evaluation, b: Evaluation) -> Table:
    """One line a pair: both progressions and their difference."""
    table = plain_table("task/seed", a.name, b.name, "difference")
    others = {(r.task, r.seed): 100 * r.progression for r in b.episodes}
    for result in a.episodes[:MOST_ROWS]:
        one, other = 100 * result.progression, others[result.task, result.seed]
        table.add_row(
            f"{result.task}/{result.seed}", f"{one:.2f}", f"{other:.2f}", f"{other - one:+.2f}"
        )
    hidden = len(a.episodes) - MOST_ROWS
    if hidden > 0:
        table.add_row(f"and {hidden} more")
    table.add_section()
    table.add_row(
        "mean ± SE",
        mean_error(a.mean, a.standard_error),
        mean_error(b.mean, b.standard_error),
        f"{b.mean - a.mean:+.2f}",
    )
    return table


def verdict(a: Evaluation, b: Evaluation, result: Paired, alpha: float = 0.05) -> str:
    """What the pairs say about chance, and what so few of them cannot say."""
    lines = [
        f"{b.name} - {a.name}: {result.mean_difference:+.2f} points over "
        + plural(result.n, "pair")
        + (f", SE {result.standard_error:.2f}" if result.standard_error is not None else "")
        + (
            f", 95 % interval {_from_to(result.interval)} (t)"
            if result.interval is not None
            else ""
        )
        + (
            f", {_from_to(result.interval_signflip)} (sign-flip)"
            if result.interval_signflip is not None
            else ""
        ),
        f"two-sided p: sign-flip {result.p_signflip:.4f}, Wilcoxon {result.p_wilcoxon:.4f}; "
        f"the smallest these pairs can reach is {result.smallest_p:.4f}; "
        f"one-sided, for {b.name} being better: {result.p_greater:.4f}",
    ]
    if result.smallest_p > alpha:
        lines.append(
            f"So few unequal pairs can never reach p <= {alpha:g}, however large the difference: "
            "read it as a hint, and play more seeds to know."
        )
    return "\n".join(lines)


def holm_lines(comparisons: Sequence[Comparison]) -> str:
    """One line a comparison: its p, adjusted for there being several."""
    return "\n".join(
        [f"adjusted by Holm for {len(comparisons)} comparisons:"]
        + [
            f"  {each.environment}: {each.paired.mean_difference:+.2f} points, "
            f"p {each.paired.p_signflip:.4f} -> {each.p_holm:.4f}"
            for each in comparisons
        ]
    )


def _from_to(interval: tuple[float, float]) -> str:
    return f"{interval[0]:+.2f} to {interval[1]:+.2f}"


def plain_table(first: str, *heads: str) -> Table:
    """A table without lines between its columns, numbers on the right."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for head in heads:
        table.add_column(head, justify="right")
    return table


def _width(table: Table) -> int:
    """The columns of a screen that it takes to show all of a table."""
    from rich.console import Console

    return Console(width=WIDEST).measure(table).maximum
