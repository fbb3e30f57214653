"""Which episodes of a run a table of turns is made of, and the name that follows from it."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from automem.episode.folder import EpisodeFolder
from automem.errors import DataError
from automem.evaluate.behaviour.episode import slots_of
from automem.evaluate.episodes import read_result
from automem.evaluate.plan import EvaluationPlan
from automem.evaluate.replay import read_plan
from automem.records._struct import Record
from automem.records.result import EpisodeResult
from automem.records.scaffold import Inject
from automem.run.layout import EvaluationFolder, RunFolder

VERSION = 1
"""To be raised with any change of what a turn says."""
HORIZON = 50
"""Actions within which `gain` is counted."""


class Source(Record):
    """One finished episode."""

    evaluation: str
    task: str
    """As its folder is named."""
    seed: int
    folder: EpisodeFolder
    result: EpisodeResult
    rank: float
    slots: tuple[Inject, ...] = ()
    """What the scaffold puts into the prompts of this task by itself."""

    @property
    def name(self) -> str:
        """Evaluation, task and seed, as in the ids of its turns."""
        return f"{self.evaluation}/{self.task}/{self.seed}"


def complete_evaluations(
    run: RunFolder, wanted: Sequence[str] = ()
) -> list[tuple[EvaluationFolder, EvaluationPlan]]:
    """The complete evaluations of a run, or those called so by name or beginning of the key.

    Raises DataError where there is none.
    """
    there = [
        (folder, read_plan(folder)) for folder in run.evaluations() if folder.evaluation.exists()
    ]
    listed = "".join(f"\n  {folder.path.name}  {plan.name}" for folder, plan in there)
    for text in wanted:
        if not any(_is_called(folder, plan, text) for folder, plan in there):
            raise DataError(
                f"no complete evaluation named {text!r} in {run.path}; there are:"
                f"{listed or ' none'}"
            )
    if not there:
        raise DataError(f"no complete evaluation in {run.path}; play one with automem eval")
    if not wanted:
        return there
    return [pair for pair in there if any(_is_called(*pair, text) for text in wanted)]


def sources_of(
    run: RunFolder, evaluations: Sequence[tuple[EvaluationFolder, EvaluationPlan]]
) -> list[Source]:
    """The episodes of complete evaluations, in the order of their ids' parts.

    Raises DataError, TraceError, ScaffoldError.
    """
    sources: list[Source] = []
    for folder, plan in evaluations:
        slots: dict[str, tuple[Inject, ...]] = {}
        found: list[tuple[EpisodeFolder, EpisodeResult]] = []
        for episode in folder.episodes():
            result = read_result(episode)
            if result is not None:
                found.append((episode, result))
        finals: dict[str, list[float]] = defaultdict(list)
        for _, result in found:
            finals[result.task].append(result.progression)
        for values in finals.values():
            values.sort()
        for episode, result in found:
            if result.task not in slots:
                slots[result.task] = tuple(slots_of(run, plan.scaffold, result.task))
            others = finals[result.task]
            sources.append(
                Source(
                    evaluation=folder.path.name,
                    task=episode.path.parent.name,
                    seed=result.seed,
                    folder=episode,
                    result=result,
                    rank=bisect_left(others, result.progression) / len(others),
                    slots=slots[result.task],
                )
            )
    if not sources:
        raise DataError(f"no finished episode in {run.path}")
    return sources


def key_of(sources: Sequence[Source]) -> str:
    """16 hexadecimal digits of everything that a table depends on.

    An episode counts by its result, which holds its tokens and its time: no other play has the
    same. Its measures of behavior may be added later and do not count.
    """
    digest = hashlib.sha256(f"{VERSION} {HORIZON}".encode())
    for source in sources:
        result = msgspec.structs.replace(source.result, behaviour=None)
        digest.update(f"\n{source.name} {source.rank!r} ".encode())
        digest.update(msgspec.json.encode(result, order="deterministic"))
    return digest.hexdigest()[:16]


def _is_called(folder: EvaluationFolder, plan: EvaluationPlan, text: str) -> bool:
    return text == plan.name or (len(text) >= 4 and folder.path.name.startswith(text))
