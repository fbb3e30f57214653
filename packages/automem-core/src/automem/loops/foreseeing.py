"""`automem pipeline --estimate`: what is left, stage by stage; nothing is played or asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from automem.loops.amounts import Episode, Foreseen, episode_of, times, together, total
from automem.loops.contestants import BASELINES, Contestant
from automem.loops.loop import Amounts, LoopEstimate
from automem.loops.measured import measure
from automem.loops.pipeline import Pipeline
from automem.records._struct import Record
from automem.records.config import AssumedSection
from automem.run.layout import RunFolder

REPORT = "report seeds"
ALL = "all"


class StageEstimate(Record):
    """One stage, twice."""

    name: str
    """A loop, `report seeds`, or `all`."""
    if_nothing_helps: Foreseen
    """Where no change has an effect, which is the least the loops do before they give up."""
    at_most: Foreseen
    """Where every try is made and judged to the end, and all that may be kept is."""


class PipelineEstimate(Record):
    """What is left to be done."""

    stages: tuple[StageEstimate, ...]
    """The last one is their sum."""
    sources: tuple[str, ...]
    """Where the figures come from."""
    notes: tuple[str, ...]


def foresee(pipeline: Pipeline, source: RunFolder) -> PipelineEstimate:
    """Count what is left; `source` is the run whose episodes say what one takes.

    Nothing is written. Raises ScaffoldError, RunError.
    """
    measured = measure(source, pipeline.config)
    assumed = pipeline.config.pipeline.assumed
    at_once = together(pipeline.config, len(pipeline.seeds) * len(pipeline.tasks))
    episode = episode_of(measured, pipeline.config, str(source.path), at_once)
    loops = [loop.estimate(source) for loop in pipeline.loops]
    stages = [
        StageEstimate(
            name=loop.name,
            if_nothing_helps=_stage(expected.if_nothing_helps, episode, assumed),
            at_most=_stage(expected.at_most, episode, assumed),
        )
        for loop, expected in zip(pipeline.loops, loops, strict=True)
    ]
    stages.append(_report(pipeline, loops, episode, assumed))
    stages.append(
        StageEstimate(
            name=ALL,
            if_nothing_helps=total([stage.if_nothing_helps for stage in stages]),
            at_most=total([stage.at_most for stage in stages]),
        )
    )
    return PipelineEstimate(
        stages=tuple(stages),
        sources=tuple(_sources(episode, assumed)),
        notes=tuple(dict.fromkeys(_notes(pipeline, loops, stages))),
    )


def _stage(amounts: Amounts, episode: Episode, assumed: AssumedSection) -> Foreseen:
    """The loop's own counts; what it does not know by itself is taken from what is assumed."""
    reviews, trainings = amounts.reviews, amounts.trainings
    tokens = _first(amounts.training_tokens, times(trainings, assumed.training_tokens))
    played = _played(amounts.episodes, episode, assumed)
    hours = _training_hours(amounts, tokens, assumed)
    return msgspec.structs.replace(
        played,
        hours=_first(amounts.hours, played.hours),
        reviews=reviews,
        review_turns=_first(amounts.review_turns, times(reviews, assumed.review_turns)),
        review_tokens=_first(amounts.review_tokens, times(reviews, assumed.review_tokens)),
        review_cost=_first(amounts.review_cost, times(reviews, assumed.review_cost)),
        trainings=trainings,
        training_tokens=tokens,
        training_hours=hours,
        training_gpu_hours=times(hours, assumed.training_gpus),
    )


def _training_hours(
    amounts: Amounts, tokens: float | None, assumed: AssumedSection
) -> float | None:
    if not amounts.trainings:
        return 0.0
    rate = None if assumed.training is None else 1 / assumed.training / 3600
    return _first(amounts.training_hours, times(tokens, rate))


def _first(known: float | None, otherwise: float | None) -> float | None:
    return otherwise if known is None else known


def _played(episodes: float, episode: Episode, assumed: AssumedSection) -> Foreseen:
    return Foreseen(
        episodes=episodes,
        steps=times(episodes, episode.steps),
        calls=times(episodes, episode.calls),
        tokens=times(episodes, episode.tokens),
        cost=times(episodes, episode.cost),
        hours=times(episodes, times(episode.seconds, 1 / 3600)),
        gpu_hours=times(episodes, episode.gpu_hours(assumed)),
    )


def _report(
    pipeline: Pipeline,
    loops: Sequence[LoopEstimate],
    episode: Episode,
    assumed: AssumedSection,
) -> StageEstimate:
    """The table: of what was kept so far, and of all that may be kept yet."""
    known = pipeline.contestants()
    left = sum(_unplayed(pipeline, one) for one in known)
    further = [max(0, expected.may_keep - expected.kept) for expected in loops]
    both = 2 if pipeline.config.pipeline.memory_only else 1
    rows = sum(
        count * (both if loop.name == "evolve" else 1)
        for loop, count in zip(pipeline.loops, further, strict=True)
    )
    per_row = len(pipeline.seeds) * len(pipeline.tasks)
    return StageEstimate(
        name=REPORT,
        if_nothing_helps=_played(left, episode, assumed),
        at_most=_played(left + rows * per_row, episode, assumed),
    )


def _unplayed(pipeline: Pipeline, one: Contestant) -> int:
    player = pipeline.player()
    return len(pipeline.tasks) * sum(not player.has(one.side, seed) for seed in pipeline.seeds)


def _sources(episode: Episode, assumed: AssumedSection) -> Iterator[str]:
    if episode.source:
        yield episode.source
    if assumed.gpus and assumed.prefill and assumed.decode:
        yield (
            f"GPU hours of play: tokens over {assumed.prefill:,.0f} uncached input and "
            f"{assumed.decode:,.0f} output tokens a second on {assumed.gpus:g} GPUs, all of them "
            "busy; assumed in [pipeline.assumed], not measured"
        )
    if assumed.steps_per_second is not None:
        yield (
            f"time of play: {assumed.steps_per_second:g} steps a second of all episodes at once, "
            "where the run has measured none; assumed likewise"
        )
    if assumed.review_tokens is not None or assumed.review_cost is not None:
        yield "reviews: assumed likewise, where the run has held none and no budget bounds them"
    if assumed.training is not None:
        gpus = f" on {assumed.training_gpus:g} GPUs" if assumed.training_gpus else ""
        yield (
            f"{'GPU hours' if gpus else 'time'} of training: {assumed.training:,.0f} tokens a "
            f"second{gpus}, where the run has measured none; assumed likewise"
        )


def _has_unknown(amounts: Foreseen) -> bool:
    return None in msgspec.structs.astuple(amounts)


def _notes(
    pipeline: Pipeline, loops: Sequence[LoopEstimate], stages: Sequence[StageEstimate]
) -> Iterator[str]:
    for loop, expected, stage in zip(pipeline.loops, loops, stages, strict=False):
        filled = not _has_unknown(stage.if_nothing_helps) and not _has_unknown(stage.at_most)
        for note in expected.notes:
            if not (filled and note in expected.unmeasured):
                yield f"{loop.name}: {note}"
    if pipeline.config.pipeline.baselines:
        yield (
            f"the {len(BASELINES)} baselines are counted as the others are, though they ask once "
            "a step"
        )
