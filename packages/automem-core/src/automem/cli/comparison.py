"""Comparing two evaluations pair by pair, or saying why they cannot be compared."""

from __future__ import annotations

from pathlib import Path

from automem.cli.locate import locate_evaluation, locate_run
from automem.errors import EvaluationError, RunError
from automem.evaluate.evaluator import read_evaluation
from automem.evaluate.statistics import Paired, paired
from automem.records._struct import Record
from automem.records.result import Evaluation


class Comparison(Record):
    """Two evaluations and what their pairs say."""

    a: str
    """Name and key."""
    b: str
    paired: Paired
    """B minus A, in points of progression."""
    notes: tuple[str, ...]
    """In what else the two differ."""


def choose(a: str, b: str | None, folder: Path) -> tuple[Evaluation, Evaluation]:
    """The evaluations that `RUN[:EVALUATION]` name; the two of run `a` where `b` is None.

    Raises RunError, EvaluationError.
    """
    if b is not None:
        return _one(a, folder), _one(b, folder)
    run = locate_run(a, folder)
    complete = [e for e in run.evaluations() if e.evaluation.exists()]
    if len(complete) != 2:
        raise RunError(
            f"{run.path} has {len(complete)} complete evaluations, not two; "
            "name both sides as RUN:EVALUATION"
        )
    older, newer = sorted(complete, key=lambda e: e.evaluation.stat().st_mtime_ns)
    return read_evaluation(older), read_evaluation(newer)


def compare_evaluations(a: Evaluation, b: Evaluation) -> Comparison:
    """Pair the episodes of two evaluations by task and seed. Raises EvaluationError."""
    for what, one, other in (
        ("environment", a.environment, b.environment),
        ("profile", a.profile, b.profile),
    ):
        if one != other:
            raise EvaluationError(
                f"cannot compare: the {what} is {one!r} in {a.name} and {other!r} in {b.name}, "
                "so the same seed is not the same game"
            )
    result = paired(_progressions(a), _progressions(b))
    return Comparison(
        a=f"{a.name} {a.key}", b=f"{b.name} {b.key}", paired=result, notes=_notes(a, b)
    )


def _one(text: str, folder: Path) -> Evaluation:
    run, _, evaluation = text.partition(":")
    found, _ = locate_evaluation(locate_run(run, folder), evaluation)
    return read_evaluation(found)


def _progressions(evaluation: Evaluation) -> dict[tuple[str, int], float]:
    return {(r.task, r.seed): 100 * r.progression for r in evaluation.episodes}


def _notes(a: Evaluation, b: Evaluation) -> tuple[str, ...]:
    if a.key == b.key:
        return ("both sides are the same evaluation",)
    sides = (
        ("agent", a.agent, b.agent),
        ("scaffold", a.scaffold_name, b.scaffold_name),
        ("memory role", a.roles.get("memory"), b.roles.get("memory")),
        ("gameplay role", a.roles.get("gameplay"), b.roles.get("gameplay")),
    )
    return tuple(
        f"{what}: {one or 'none'} against {other or 'none'}"
        for what, one, other in sides
        if one != other
    )
