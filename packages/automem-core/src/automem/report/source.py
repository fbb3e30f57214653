"""What a report is about: the versions of one or more runs, and their episodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from automem.episode.folder import EpisodeFolder
from automem.errors import AutoMemError, RunError, TraceError
from automem.evaluate.behaviour.measures import with_behaviour
from automem.evaluate.episodes import read_result
from automem.evaluate.evaluator import read_evaluation
from automem.evaluate.plan import EvaluationPlan
from automem.evaluate.summary import summarize
from automem.records.result import EpisodeResult, Evaluation
from automem.report.wholes import Part, Whole, wholes_of
from automem.run.layout import EvaluationFolder, RunFolder


@dataclass(frozen=True, slots=True)
class Version:
    """A scaffold and its roles over fixed seeds: one evaluation, or several put together."""

    number: int
    """Its place in the report, from 0; decides its color."""
    label: str
    """Told apart from every other."""
    run: RunFolder
    parts: tuple[Part, ...]
    """The evaluations it is put together from."""
    plan: EvaluationPlan
    evaluation: Evaluation | None
    """None while it is not complete."""
    results: tuple[EpisodeResult, ...]
    """Of the episodes that are finished, in the order of the plan."""

    @property
    def folder(self) -> EvaluationFolder:
        """The evaluation, or the first of several."""
        return self.parts[0].folder

    @property
    def scaffold(self) -> Path | None:
        """The folder of what was played; None for an agent without a scaffold."""
        if not self.plan.scaffold:
            return None
        return next(iter(sorted(self.run.scaffolds.glob(f"{self.plan.scaffold}-*"))), None)

    @property
    def planned(self) -> int:
        """How many episodes it needs."""
        return len(self.plan.tasks) * len(self.plan.seeds)

    def episode(self, task: str, seed: int) -> EpisodeFolder:
        """The folder of one of its episodes."""
        part = next((part for part in self.parts if seed in part.plan.seeds), self.parts[0])
        return part.folder.episode(task, seed)

    def episodes(self) -> Iterator[tuple[str, int, EpisodeFolder]]:
        """Task, seed and folder of every episode that was begun."""
        for task in self.plan.tasks:
            for seed in self.plan.seeds:
                folder = self.episode(task, seed)
                if folder.trace.exists() or folder.compacted.exists():
                    yield task, seed, folder


def versions_of(runs: Sequence[RunFolder], *, measured: bool = False) -> list[Version]:
    """The evaluations of the runs, oldest first. Raises RunError where there is none.

    With `measured` the behavior of memory is read from the traces where it is not stored; it is
    missing where a trace is. Raises EvaluationError and ScaffoldError for other damaged files.
    """
    found: list[tuple[RunFolder, Whole]] = []
    for run in {run.path.resolve(): run for run in runs}.values():
        found += [(run, whole) for whole in wholes_of(run)]
    if not found:
        raise RunError(
            f"nothing was played in {', '.join(str(run.path) for run in runs)}, so there is "
            "nothing to report; play first, for instance: automem demo"
        )
    labels = _labels(found, several=len(runs) > 1)
    return [
        _version(number, label, run, whole, measured=measured)
        for number, (label, (run, whole)) in enumerate(zip(labels, found, strict=True))
    ]


def _version(number: int, label: str, run: RunFolder, whole: Whole, *, measured: bool) -> Version:
    results = tuple(_results(whole))
    evaluation = (
        _evaluation(whole.parts[0].folder, measured=measured)
        if whole.is_single
        else _put_together(whole, results)
    )
    return Version(number, label, run, whole.parts, whole.plan, evaluation, results)


def _put_together(whole: Whole, results: Sequence[EpisodeResult]) -> Evaluation | None:
    """The evaluation over all parts; None while an episode is missing."""
    if len(results) < len(whole.plan.tasks) * len(whole.plan.seeds):
        return None
    return summarize(whole.plan, list(results))


def title_of(runs: Sequence[RunFolder]) -> str:
    """What the page is called."""
    return ", ".join(run.name for run in runs)


def _evaluation(folder: EvaluationFolder, *, measured: bool) -> Evaluation | None:
    if not folder.evaluation.exists():
        return None
    evaluation = read_evaluation(folder)
    if not measured:
        return evaluation
    try:
        return with_behaviour(evaluation, folder)
    except TraceError:  # a report names the trace where it would replay it
        return evaluation


def _results(whole: Whole) -> Iterator[EpisodeResult]:
    for task in whole.plan.tasks:
        for seed in whole.plan.seeds:
            part = next(part for part in whole.parts if seed in part.plan.seeds)
            result = read_result(part.folder.episode(task, seed))
            if result is not None:
                yield result


def _labels(found: Sequence[tuple[RunFolder, Whole]], *, several: bool) -> list[str]:
    """Names where they are enough, then with roles, with keys, with folders."""
    own = [whole.label or whole.plan.name for _, whole in found]
    names = [
        f"{run.name}: {name}" if several else name
        for name, (run, _) in zip(own, found, strict=True)
    ]
    count = Counter(names)
    with_roles = [
        name if count[name] == 1 else f"{name} by {whole.plan.roles['gameplay'].text}"
        for name, (_, whole) in zip(names, found, strict=True)
    ]
    count = Counter(with_roles)
    with_keys = [
        name if count[name] == 1 else f"{name} {whole.parts[0].folder.path.name[:8]}"
        for name, (_, whole) in zip(with_roles, found, strict=True)
    ]
    count = Counter(with_keys)
    return [
        name if count[name] == 1 else f"{name} in {run.path}"
        for name, (run, _) in zip(with_keys, found, strict=True)
    ]


def readable(error: AutoMemError) -> str:
    """The first line of an error, for a place with little room."""
    return str(error).split("\n", 1)[0]
