"""Comparing two evaluations pair by pair, or saying why they cannot be compared."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path

import msgspec

from automem.cli.locate import locate_evaluation, locate_run
from automem.errors import EvaluationError, RunError
from automem.evaluate.evaluator import read_evaluation
from automem.evaluate.plan import EvaluationPlan, other_game
from automem.evaluate.replay import read_plan
from automem.evaluate.statistics import Paired, averaged, holm, paired
from automem.records._struct import Record
from automem.records.result import Evaluation
from automem.run.layout import EvaluationFolder


class Comparison(Record):
    """Two evaluations and what their pairs say."""

    a: str
    """Name and key."""
    b: str
    environment: str
    paired: Paired
    """B minus A, in points of progression; every task counts the same."""
    p_holm: float
    """`p_signflip`, adjusted by Holm for all comparisons that were asked for together."""
    notes: tuple[str, ...]
    """In what else the two differ."""


def choose(a: str, b: str | None, folder: Path) -> tuple[Evaluation, Evaluation]:
    """The evaluations that `RUN[:EVALUATION]` name; the two of run `a` where `b` is None.

    Raises RunError, EvaluationError.
    """
    if b is not None:
        one, other = _folder(a, folder), _folder(b, folder)
        first, second = _complete(one), _complete(other)
        _refuse_other_game(read_plan(one), read_plan(other))
        return first, second
    run = locate_run(a, folder)
    complete = [e for e in run.evaluations() if e.evaluation.exists()]
    if len(complete) != 2:
        raise RunError(
            f"{run.path} has {len(complete)} complete evaluations, not two; "
            "name both sides as RUN:EVALUATION"
        )
    older, newer = sorted(complete, key=lambda e: e.evaluation.stat().st_mtime_ns)
    _refuse_other_game(read_plan(older), read_plan(newer))
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
    result = paired(_progressions(a), _progressions(b), stratum=itemgetter(0))
    return Comparison(
        a=f"{a.name} {a.key}",
        b=f"{b.name} {b.key}",
        environment=a.environment,
        paired=result,
        p_holm=result.p_signflip,
        notes=_notes(a, b),
    )


def adjusted(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The same comparisons, each p adjusted for there being so many of them."""
    p_holm = holm({place: each.paired.p_signflip for place, each in enumerate(comparisons)})
    return tuple(
        [
            msgspec.structs.replace(each, p_holm=p_holm[place])
            for place, each in enumerate(comparisons)
        ]
    )


def _folder(text: str, folder: Path) -> EvaluationFolder:
    run, _, evaluation = text.partition(":")
    return locate_evaluation(locate_run(run, folder), evaluation)[0]


def _complete(folder: EvaluationFolder) -> Evaluation:
    if folder.evaluation.exists():
        return read_evaluation(folder)
    plan = read_plan(folder)
    finished = sum(episode.result.exists() for episode in folder.episodes())
    raise EvaluationError(
        f"cannot compare: the evaluation {plan.name} in {folder.path} is not complete, "
        f"{finished} of {len(plan.tasks) * len(plan.seeds)} episodes are finished, and the rest "
        f"might be the hard ones; go on with automem eval {folder.run.config}"
    )


def _refuse_other_game(a: EvaluationPlan, b: EvaluationPlan) -> None:
    """Refuse what makes the same seed another game. Raises EvaluationError."""
    if a.environment != b.environment:
        return  # told with both names when the two are compared
    different = other_game(a, b)
    if different is not None:
        name, mine, theirs = different
        raise EvaluationError(
            f"cannot compare: environment.{name} is {mine!r} in {a.name} and {theirs!r} in "
            f"{b.name}, so the same seed is not the same game"
        )


def _progressions(evaluation: Evaluation) -> dict[tuple[str, int], float]:
    return averaged(((r.task, r.seed), 100 * r.progression) for r in evaluation.episodes)


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
