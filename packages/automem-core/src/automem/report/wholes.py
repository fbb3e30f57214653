"""Which evaluations a report shows, and which of them are parts of one.

A loop plays a version in stages, each an evaluation of its own, and many that it drops again. So of
a run with a ledger a report shows what was kept, its stages put together, on the report seeds where
they were played and on the search seeds else; all else is in the ledger's table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from automem.errors import AutoMemError
from automem.evaluate.plan import EvaluationPlan
from automem.evaluate.replay import read_plan
from automem.records.ledger import Trial
from automem.run.config import load_config
from automem.run.layout import EvaluationFolder, RunFolder
from automem.run.ledger import read_ledger
from automem.run.seeds import parse_seeds


class Part(NamedTuple):
    """One evaluation."""

    folder: EvaluationFolder
    plan: EvaluationPlan


class Whole(NamedTuple):
    """What is shown as one version."""

    parts: tuple[Part, ...]
    plan: EvaluationPlan
    """Of all its seeds that are shown."""
    label: str = ""
    """What it is called where the plan's name is not enough."""

    @property
    def is_single(self) -> bool:
        """Whether it is one evaluation as it was played."""
        return len(self.parts) == 1 and self.parts[0].plan.seeds == self.plan.seeds


def wholes_of(run: RunFolder) -> list[Whole]:
    """What a report shows of a run, in order. Raises EvaluationError or RunError."""
    folders = [folder for folder in run.evaluations() if folder.plan.exists()]
    folders.sort(key=lambda folder: folder.plan.stat().st_mtime_ns)
    parts = [Part(folder, read_plan(folder)) for folder in folders]
    trials = read_ledger(run.ledger)
    if not trials:
        return [Whole((part,), part.plan) for part in parts]
    return list(_evolved(run, parts, trials))


def _evolved(run: RunFolder, parts: Sequence[Part], trials: Sequence[Trial]) -> Iterator[Whole]:
    changes = [trial for trial in trials if trial.kind == "scaffold"]
    kept = [trials[0].parent, *[t.candidate for t in changes if t.verdict == "kept"]]
    groups = [
        _group(parts, scaffold, memory_only=only) for scaffold in kept for only in (False, True)
    ]
    groups = [group for group in groups if group]
    trained = [(_trained(parts, trial), trial) for trial in trials if _is_specialist(trial)]
    trained = [(group, trial) for group, trial in trained if group]
    whole_ones = [group for group in groups if not group[0].plan.memory_only]
    seeds = _seeds(run, [*whole_ones, *[group for group, _ in trained]])
    yield from [whole for group in groups if (whole := _on(group, seeds))]
    for group, trial in trained:
        yield from _labelled(_on(group, seeds), trial)
    tried = {*kept, *[trial.candidate for trial in changes if trial.candidate]}
    for part in parts:
        if part.plan.scaffold not in tried:
            yield Whole((part,), part.plan)


def _group(parts: Iterable[Part], scaffold: str, *, memory_only: bool) -> list[Part]:
    """The evaluations of a scaffold, whole or by memory alone, that can be put together."""
    of_it = [part for part in parts if part.plan.scaffold == scaffold]
    found = [part for part in of_it if bool(part.plan.memory_only) == memory_only]
    return [part for part in found if _but_seeds(part) == _but_seeds(found[0])]


def _is_specialist(trial: Trial) -> bool:
    return trial.kind == "recipe" and trial.verdict == "kept"


def _trained(parts: Iterable[Part], trial: Trial) -> list[Part]:
    """The evaluations of a specialist, those on the report seeds included."""
    parts = list(parts)
    judged = [_but_seeds(part) for part in parts if part.folder.path.name in trial.evaluations]
    return [part for part in parts if _but_seeds(part) in judged]


def _labelled(whole: Whole | None, trial: Trial) -> Iterator[Whole]:
    if whole is not None:
        yield whole._replace(label=trial.candidate_name or f"{whole.plan.name}+{trial.name}")


def _but_seeds(part: Part) -> EvaluationPlan:
    return msgspec.structs.replace(part.plan, seeds=())


def _on(group: Sequence[Part], wanted: Sequence[int]) -> Whole | None:
    """The group on those of the seeds that it was played on; None where it was on none of them."""
    seeds = [seed for seed in wanted if any(seed in part.plan.seeds for part in group)]
    chosen = tuple([part for part in group if set(seeds) & set(part.plan.seeds)])
    if not chosen:
        return None
    return Whole(chosen, msgspec.structs.replace(chosen[0].plan, seeds=tuple(seeds)))


def _seeds(run: RunFolder, groups: Sequence[Sequence[Part]]) -> tuple[int, ...]:
    """The report seeds if every version was played on all of them, else the search seeds likewise.

    Else those that all versions share.
    """
    played = [{seed for part in group for seed in part.plan.seeds} for group in groups]
    shared = set[int].intersection(*played) if played else set[int]()
    try:
        lists = load_config(run.config).seeds
        telling = [parse_seeds(lists.report), parse_seeds(lists.search)]
    except AutoMemError:
        telling = []
    whole = (seeds for seeds in telling if seeds and shared.issuperset(seeds))
    return next(whole, tuple(sorted(shared)))
