"""`episodes`, `step`, `metric`: what was played, and how the memory was used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from anyio import to_thread
from msgspec import Meta

from automem.evaluate.statistics import mean_and_error
from automem.records._struct import Record
from automem.review.measuring import (
    counted,
    counts_text,
    episode_measures,
    evaluation_measures,
    measures_text,
)
from automem.review.stepping import whole_step
from automem.review.tool import Offset, Tool
from automem.review.view import ShownEpisode
from automem.review.workplace import Workplace

EvaluationLetter = Annotated[
    str, Meta(description="Letter of an evaluation, such as A; empty is every one.")
]


class EpisodesArguments(Record):
    """Arguments of `episodes`."""

    evaluation: EvaluationLetter = ""
    offset: Offset = 0


class StepArguments(Record):
    """Arguments of `step`."""

    episode: Annotated[str, Meta(description="Name of an episode, such as A1.")]
    step: Annotated[int, Meta(ge=0, description="Number of the step, from 0.")]
    system: Annotated[bool, Meta(description="Show the instructions (system prompt) too.")] = False
    offset: Offset = 0


class MetricArguments(Record):
    """Arguments of `metric`."""

    by: Annotated[
        Literal["evaluation", "episode", "memory"],
        Meta(
            description="evaluation: every measure with its meaning; episode: the measures of "
            "each episode; memory: how each operation and each file was used."
        ),
    ] = "evaluation"
    evaluation: EvaluationLetter = ""
    form: Annotated[Literal["text", "json"], Meta(description="How it is written.")] = "text"
    offset: Offset = 0


async def show_episodes(place: Workplace, arguments: EpisodesArguments) -> str:
    """A table for each evaluation."""
    place.view.episodes(arguments.evaluation)
    lines: list[str] = []
    for evaluation in place.view.evaluations:
        if arguments.evaluation not in ("", evaluation.letter):
            continue
        values = [100 * episode.result.progression for episode in evaluation.episodes]
        mean, error = mean_and_error(values) if values else (0.0, None)
        spread = "" if error is None else f" +- {error:.2f}"
        lines.append(
            f"{evaluation.letter}: {evaluation.what}, {len(values)} episodes, "
            f"progression {mean:.2f}{spread} %"
        )
        lines.append("episode | task | seed | progression % | ended by | steps | calls | tokens")
        lines += _rows(evaluation.episodes)
        lines.append("")
    return "\n".join(lines).rstrip()


def _rows(episodes: list[ShownEpisode]) -> Iterator[str]:
    for episode in episodes:
        result, totals = episode.result, episode.result.totals
        tokens = totals.usage.input_tokens + totals.usage.output_tokens
        yield (
            f"{episode.name} | {episode.task} | {episode.seed} | {100 * result.progression:.2f} | "
            f"{result.reason} | {totals.steps} | {totals.calls} | {tokens}"
        )
        if result.achievements:
            first = ", ".join(f"{name} at {step}" for name, step in result.achievements.items())
            yield f"    achieved: {first}"


async def show_step(place: Workplace, arguments: StepArguments) -> str:
    """One step, whole."""
    reader = place.view.reader(place.view.episode(arguments.episode))
    return whole_step(reader.step(arguments.step), system=arguments.system)


async def show_metric(place: Workplace, arguments: MetricArguments) -> str:
    """The measures, computed from traces where a result does not hold them."""
    return await to_thread.run_sync(_measured, place, arguments)


def _measured(place: Workplace, arguments: MetricArguments) -> str:
    episodes = place.view.episodes(arguments.evaluation)
    letters = {episode.evaluation.letter for episode in episodes}
    shown = [one for one in place.view.evaluations if one.letter in letters]
    if arguments.by == "memory":
        uses = {one.letter: counted(place.view, one) for one in shown}
        return _json(uses) if arguments.form == "json" else counts_text(uses)
    if arguments.by == "episode":
        values = {episode.name: episode_measures(episode) for episode in episodes}
        return _json(values) if arguments.form == "json" else measures_text(values)
    summaries = {one.letter: evaluation_measures(one) for one in shown}
    return _json(summaries) if arguments.form == "json" else measures_text(summaries)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


EPISODES = Tool(
    "episodes",
    "Every episode: task, seed, progression, why it ended, steps, calls, tokens, achievements.",
    EpisodesArguments,
    show_episodes,
)
STEP = Tool(
    "step",
    "One step of an episode, whole: observation, prompts, replies, memory operations with their "
    "answers, action and what it brought.",
    StepArguments,
    show_step,
)
METRIC = Tool(
    "metric",
    "How the memory was used: measures of behavior by evaluation or by episode, or counts for "
    "each operation and each file.",
    MetricArguments,
    show_metric,
)
