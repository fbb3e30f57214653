"""A run as rows, one an episode, and as a data frame of polars or pandas."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from automem.errors import RunError
from automem.evaluate.behaviour.measures import measures_of, with_behaviour
from automem.evaluate.behaviour.ratios import RATIOS
from automem.evaluate.evaluator import read_evaluation
from automem.records._struct import Record
from automem.records.result import EpisodeResult, Evaluation
from automem.run.layout import RunFolder


class EpisodeRow(Record):
    """One episode of a complete evaluation."""

    run: str
    evaluation: str
    """Its key."""
    name: str
    """The scaffold's, or the baseline's."""
    environment: str
    profile: str
    agent: str
    scaffold: str
    """Content hash."""
    memory_model: str
    gameplay_model: str
    task: str
    seed: int
    progression: float
    """0 to 1."""
    success: bool | None
    reward: float
    reason: str
    steps: int
    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost: float | None
    seconds: float
    measures: dict[str, float | None]
    """Every measure of behavior by name; a column of its own each in a data frame."""


class Rows(list[EpisodeRow]):
    """The episodes of a run, in the order of its evaluations, tasks and seeds."""

    def columns(self) -> dict[str, list[Any]]:
        """Name -> one value a row; what both kinds of data frame are made of."""
        flat = [_flat(row) for row in self]
        names = flat[0] if flat else _names()
        return {name: [row[name] for row in flat] for name in names}

    def to_polars(self) -> Any:
        """As `polars.DataFrame`. Raises RunError where polars is not installed."""
        return _library("polars").DataFrame(self.columns())

    def to_pandas(self) -> Any:
        """As `pandas.DataFrame`. Raises RunError where pandas is not installed."""
        return _library("pandas").DataFrame(self.columns())


def read_run(path: str | Path) -> Rows:
    """The episodes of every complete evaluation of a run; `path` is its folder.

    Raises RunError where there is no run, EvaluationError and TraceError for damaged files.
    """
    run = RunFolder(Path(path))
    if not run.path.is_dir():
        raise RunError(f"there is no run at {run.path}; `automem runs list` shows where runs are")
    return Rows(_rows(run))


def _rows(run: RunFolder) -> Iterator[EpisodeRow]:
    for folder in run.evaluations():
        if folder.evaluation.exists():
            evaluation = with_behaviour(read_evaluation(folder), folder)
            for result in evaluation.episodes:
                yield _row(run, evaluation, result)


def _row(run: RunFolder, evaluation: Evaluation, result: EpisodeResult) -> EpisodeRow:
    totals = result.totals
    return EpisodeRow(
        run=run.name,
        evaluation=evaluation.key,
        name=evaluation.name,
        environment=evaluation.environment,
        profile=evaluation.profile,
        agent=evaluation.agent,
        scaffold=evaluation.scaffold,
        memory_model=evaluation.roles.get("memory", ""),
        gameplay_model=evaluation.roles.get("gameplay", ""),
        task=result.task,
        seed=result.seed,
        progression=result.progression,
        success=result.success,
        reward=result.reward,
        reason=result.reason,
        steps=totals.steps,
        calls=totals.calls,
        input_tokens=totals.usage.input_tokens,
        cached_tokens=totals.usage.cached_tokens,
        output_tokens=totals.usage.output_tokens,
        cost=totals.cost,
        seconds=totals.seconds,
        measures=measures_of(result.behaviour) if result.behaviour is not None else {},
    )


def _flat(row: EpisodeRow) -> dict[str, Any]:
    fields = msgspec.structs.asdict(row)
    measures = fields.pop("measures")
    return {**fields, **measures}


def _names() -> list[str]:
    fields = [name for name in EpisodeRow.__struct_fields__ if name != "measures"]
    return [*fields, *[ratio.name for ratio in RATIOS]]


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise RunError(
            f"a data frame of {name} needs {name}, which is not installed: pip install {name}"
        ) from error
