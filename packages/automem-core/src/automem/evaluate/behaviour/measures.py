"""Measures of an evaluation: as mean over its episodes (macro) and as ratio of sums (micro)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from automem.evaluate.behaviour.episode import behaviour_of, slots_of
from automem.evaluate.behaviour.ratios import RATIOS, Ratio
from automem.evaluate.statistics import mean_and_error
from automem.records.behaviour import (
    Behaviour,
    BehaviourSummary,
    ByActor,
    EmptySearches,
    Measure,
)
from automem.records.result import EpisodeResult, Evaluation
from automem.run.layout import EvaluationFolder


def measures_of(counts: Behaviour) -> dict[str, float | None]:
    """Name -> value of every measure; None where there is nothing to divide by."""
    return {ratio.name: ratio.value(counts) for ratio in RATIOS}


def behaviour_summary(episodes: Sequence[Behaviour]) -> BehaviourSummary:
    """The measures over at least one episode: as mean over episodes and as ratio of sums."""
    sums = behaviour_sums(episodes)
    return BehaviourSummary(
        sums=sums, measures=tuple([_measure(ratio, episodes, sums) for ratio in RATIOS])
    )


def with_behaviour(evaluation: Evaluation, folder: EvaluationFolder) -> Evaluation:
    """The evaluation with the behavior of every episode, read from its traces where it is missing.

    Nothing is written. Raises TraceError where a trace is missing or damaged, ScaffoldError where
    the run's copy of the scaffold is.
    """
    if evaluation.behaviour is not None:
        return evaluation
    episodes = tuple(
        [_measured(result, folder, evaluation.scaffold) for result in evaluation.episodes]
    )
    counts = [result.behaviour for result in episodes if result.behaviour is not None]
    return msgspec.structs.replace(
        evaluation, episodes=episodes, behaviour=behaviour_summary(counts)
    )


def behaviour_sums(episodes: Sequence[Behaviour]) -> Behaviour:
    """The counts of all episodes together; of the largest prompt, the largest."""
    sums: dict[str, int] = {
        name: sum(getattr(episode, name) for episode in episodes)
        for name in Behaviour.__struct_fields__
        if name not in ("empty", "grown", "written", "largest_prompt")
    }
    empties = [episode.empty for episode in episodes]
    return Behaviour(
        **sums,
        largest_prompt=max((episode.largest_prompt for episode in episodes), default=0),
        empty=EmptySearches(
            no_line=sum(empty.no_line for empty in empties),
            empty_file=sum(empty.empty_file for empty in empties),
            missing_file=sum(empty.missing_file for empty in empties),
        ),
        grown=_together([episode.grown for episode in episodes]),
        written=_together([episode.written for episode in episodes]),
    )


def _measure(ratio: Ratio, episodes: Sequence[Behaviour], sums: Behaviour) -> Measure:
    found = [ratio.value(episode) for episode in episodes]
    values = [value for value in found if value is not None]
    macro, error = mean_and_error(values) if values else (None, None)
    return Measure(
        name=ratio.name,
        title=ratio.title,
        unit=ratio.unit,
        better=ratio.better,
        part_of=ratio.part_of,
        macro=macro,
        macro_error=error,
        micro=ratio.value(sums),
        episodes=len(values),
    )


def _together(parts: Sequence[ByActor]) -> ByActor:
    return ByActor(llm=sum(part.llm for part in parts), code=sum(part.code for part in parts))


def _measured(result: EpisodeResult, folder: EvaluationFolder, scaffold: str) -> EpisodeResult:
    if result.behaviour is not None:
        return result
    slots = slots_of(folder.run, scaffold, result.task)
    counts = behaviour_of(folder.episode(result.task, result.seed), slots)
    return msgspec.structs.replace(result, behaviour=counts)
