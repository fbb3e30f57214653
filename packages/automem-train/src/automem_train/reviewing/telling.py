"""Turns, examples and reports of data sets as a meta-LLM reads them: lines, and small tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automem_train.dataset.record import DataReport, Example
from automem_train.turns.record import Turn, TurnOperation

_SHORT = 240


def turn_lines(turn: Turn, name: str) -> Iterator[str]:
    """A turn in short; `name` is its episode's."""
    yield (
        f"{turn.id} [{name} step {turn.step}] {turn.shape}, rank {turn.rank:.2f}, gain "
        f"{100 * turn.gain:+.1f} points, {turn.prompt_tokens} prompt tokens"
    )
    done = "; ".join([operation_text(one) for one in turn.operations])
    yield f"    does: {done or 'nothing'}"
    yield f"    says: {shortened(turn.reply) or '(empty)'}"


def operation_text(one: TurnOperation) -> str:
    """An operation with what came of it."""
    notes = [one.outcome]
    if one.hits:
        notes.append(f"{one.hits} hits")
    notes += [name for name in ("consulted", "led", "duplicate") if getattr(one, name)]
    if one.lines:
        notes.append(f"{one.lines} lines written")
    if one.reread:
        notes.append(f"{one.reread} of them shown again, first {one.reread_after} steps later")
    return f"{one.operation} {one.file} ({', '.join(notes)})"


def example_lines(example: Example) -> Iterator[str]:
    """An example of a data set: what is learned, not what it answers."""
    chosen = f"named: {example.reason}" if example.score is None else f"score {example.score:.3g}"
    rules = f", cleaned by {', '.join(example.rules)}" if example.rules else ""
    yield f"{example.id} {example.shape}, {chosen}{rules}"
    yield f"    learned: {shortened(example.target)}"


def report_lines(report: DataReport) -> Iterator[str]:
    """What a selection came to."""
    sums, spread = report.sums, report.sums.episodes
    yield f"criteria: {shortened(report.criteria)}"
    yield (
        f"{report.turns} turns, {report.chosen} chosen ({report.named} by their ids), "
        f"{sums.examples} examples after cleaning"
    )
    yield f"refused: {_counts(sums.rejected)}"
    yield f"cleaning changed or dropped: {_counts(sums.rules)}"
    yield f"checks failed: {_counts(sums.failed)}"
    yield f"score.py failed for {report.score_faults} turns"
    yield ""
    yield "shape | turns | chosen | examples | share of all examples"
    for one in sums.shapes:
        share = f"{100 * one.examples / sums.examples:.0f} %" if sums.examples else "-"
        yield f"{one.shape} | {one.turns} | {one.chosen} | {one.examples} | {share}"
    yield ""
    yield (
        f"episodes: {spread.episodes} of {spread.of} have an example, as concentrated as "
        f"{spread.effective:.1f} equal ones; {100 * spread.largest_share:.0f} % come from "
        f"{spread.largest or 'none'}"
    )
    yield f"operations learned: {_counts(sums.operations)}"
    mean = sums.prompt_tokens / sums.examples if sums.examples else 0.0
    yield f"prompt tokens: {mean:.0f} in the mean, {sums.longest_prompt} in the longest"
    yield (
        f"{sums.several} examples share their LOG or PLAN with another; {sums.earlier_fences} have "
        "a code fence in an earlier reply"
    )


def shortened(text: str) -> str:
    """A text on one line, cut where it is long."""
    flat = " / ".join(text.strip().splitlines())
    return flat if len(flat) <= _SHORT else f"{flat[:_SHORT]}..."


def _counts(counts: Mapping[Any, int]) -> str:
    return ", ".join([f"{name} {number}" for name, number in counts.items()]) or "none"
