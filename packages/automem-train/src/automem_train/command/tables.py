"""Turns, data sets and examples as a person reads them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automem.cli.tables import plain_table
from automem.records._struct import Record
from automem.records.memory import WRITING_KINDS
from automem.ui.words import count, percent
from automem_train.dataset.record import DataReport, Example
from automem_train.select.reject import Reject
from automem_train.turns.table import TurnTable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_SHORT = 72


class ShapeCount(Record):
    """What the table of turns has of one prompt shape."""

    shape: str
    turns: int = 0
    operations: int = 0
    writes: int = 0
    duplicates: int = 0
    consulted: int = 0
    """Writes in LOG of a file that was looked into before."""
    reread: int = 0
    """Writes of which a line was shown again later."""
    failed: int = 0
    """Operations that were refused or could not be read."""


class TurnsCount(Record):
    """What `automem data turns --json` prints."""

    table: str
    path: str
    episodes: int
    turns: int
    shapes: tuple[ShapeCount, ...]


def count_turns(table: TurnTable) -> TurnsCount:
    """One pass over the table. Raises DataError."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for turn in table.turns():
        one = sums[turn.shape]
        one["turns"] += 1
        for operation in turn.operations:
            one["operations"] += 1
            one["writes"] += operation.kind in WRITING_KINDS
            one["duplicates"] += operation.duplicate
            one["consulted"] += operation.consulted
            one["reread"] += operation.reread > 0
            one["failed"] += operation.outcome in ("refused", "malformed")
    return TurnsCount(
        table=table.key,
        path=str(table.path),
        episodes=len(table.sources),
        turns=sum(one["turns"] for one in sums.values()),
        shapes=tuple([ShapeCount(shape=shape, **one) for shape, one in sorted(sums.items())]),
    )


def turns_tables(counted: TurnsCount) -> list[RenderableType]:
    """One line a shape."""
    heads = ("turns", "writes", "double", "looked", "reread")
    table = plain_table("prompt shape", *heads)
    for one in counted.shapes:
        numbers = (one.turns, one.writes, one.duplicates, one.consulted, one.reread)
        table.add_row(one.shape, *(f"{number:,}" for number in numbers))
    legend = (
        "double: writes that say nothing new; looked: writes in LOG of a file that was looked into "
        "before; reread: writes that a later retrieval showed"
    )
    return [table, legend, f"{counted.turns:,} memory turns of {counted.episodes:,} episodes"]


def data_table(reports: Sequence[DataReport]) -> Table:
    """One line a data set."""
    table = plain_table("data set", "examples", "episodes", "prompt tokens", "criteria")
    table.columns[-1].justify = "left"
    for report in reports:
        table.add_row(
            report.hash,
            f"{report.sums.examples:,}",
            str(report.sums.episodes.episodes),
            count(report.sums.prompt_tokens),
            _short(report.criteria),
        )
    return table


def report_tables(report: DataReport) -> list[RenderableType]:
    """The report of a data set, in the order it was made."""
    sums, spread = report.sums, report.sums.episodes
    shapes = plain_table("prompt shape", "turns", "chosen", "examples", "share")
    for one in sums.shapes:
        share = percent(100 * one.examples / sums.examples) if sums.examples else "-"
        shapes.add_row(one.shape, f"{one.turns:,}", f"{one.chosen:,}", f"{one.examples:,}", share)
    facts = plain_table("", "")
    facts.show_header = False
    for name, value in (
        ("turns", f"{report.turns:,} in the table {report.table}"),
        ("chosen", f"{report.chosen:,}, {report.named:,} of them by their ids"),
        ("examples", f"{sums.examples:,}, {report.proven:,} proven against the traces"),
        ("refused", _counts(sums.rejected)),
        ("rules", _counts(sums.rules)),
        ("checks failed", _counts(sums.failed)),
        ("operations", _counts(sums.operations)),
        ("seeds", _counts(sums.seeds)),
        ("prompt tokens", f"{count(sums.prompt_tokens)}, longest {sums.longest_prompt:,}"),
        ("target characters", f"{sums.target_characters:,}"),
        ("share a LOG or PLAN", f"{sums.several:,}"),
        ("earlier fences", f"{sums.earlier_fences:,}"),
        ("score.py", f"{report.score_faults} faults, jail: {report.jail or 'not run'}"),
        (
            "episodes",
            f"{spread.episodes} of {spread.of}, as concentrated as {spread.effective:.1f} equal "
            f"ones; {percent(100 * spread.largest_share)} from {spread.largest or 'none'}",
        ),
    ):
        facts.add_row(name, value)
    facts.columns[-1].justify = "left"
    return [report.criteria, shapes, facts]


def example_line(example: Example) -> str:
    """An example in one line."""
    score = "named" if example.score is None else f"{example.score:.3g}"
    return f"{example.id}  {example.shape}  {score}  {_short(example.target)}"


def reject_line(reject: Reject) -> str:
    """A refused turn in one line."""
    score = "" if reject.score is None else f"  {reject.score:.3g}"
    detail = f": {reject.detail}" if reject.detail else ""
    return f"{reject.id}  {reject.shape}{score}  {reject.reason}{detail}"


def example_text(example: Example) -> str:
    """An example whole."""
    head = [f"# {example.id}", f"shape {example.shape}, {example.prompt_tokens:,} prompt tokens"]
    if example.score is None:
        head.append(f"named: {example.reason}")
    else:
        head.append(f"score {example.score:g}")
    if example.rules:
        head.append(f"cleaned by {', '.join(example.rules)}")
    parts = ["\n".join(head)]
    last = len(example.messages) - 1
    for number, message in enumerate(example.messages):
        name = "target" if number == last else message.role
        parts.append(f"## {name}\n\n{message.content}")
    return "\n\n".join(parts)


def _counts(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts.items()) or "none"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 3]}..."
