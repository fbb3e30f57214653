"""The measures of behavior as a review shows them: by evaluation and episode, in plain words."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files

from automem.evaluate.behaviour.episode import behaviour_of, slots_of
from automem.evaluate.behaviour.measures import behaviour_summary, measures_of
from automem.evaluate.behaviour.ratios import RATIOS
from automem.records.behaviour import Behaviour
from automem.review.memory_use import MemoryUse, memory_use
from automem.review.view import ShownEpisode, ShownEvaluation, View

PROGRESSION = "progression"
Values = Mapping[str, float | None]


def meanings() -> dict[str, str]:
    """Name of each measure -> what it is and what it points to, in plain words."""
    text = files("automem.review").joinpath("measures.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def behaviour_in(episode: ShownEpisode) -> Behaviour:
    """The counts of an episode, from its result or its trace. Raises TraceError."""
    if episode.result.behaviour is not None:
        return episode.result.behaviour
    plan = episode.evaluation.plan
    run = episode.evaluation.folder.run
    return behaviour_of(episode.folder, slots_of(run, plan.scaffold, episode.task))


def episode_measures(episode: ShownEpisode) -> Values:
    """Progression in percent and every measure of one episode."""
    counts = measures_of(behaviour_in(episode))
    return {PROGRESSION: 100 * episode.result.progression, **counts}


def evaluation_measures(evaluation: ShownEvaluation) -> Values:
    """Mean progression in percent, and every measure as the ratio of sums over all episodes."""
    if not evaluation.episodes:
        return {}
    progression = [100 * episode.result.progression for episode in evaluation.episodes]
    summary = behaviour_summary([behaviour_in(episode) for episode in evaluation.episodes])
    values = {measure.name: measure.micro for measure in summary.measures}
    return {PROGRESSION: sum(progression) / len(progression), **values}


def counted(view: View, evaluation: ShownEvaluation) -> MemoryUse:
    """How each operation and file was used over an evaluation."""
    return memory_use(
        (episode.result.totals.steps, view.reader(episode).deeds())
        for episode in evaluation.episodes
    )


def measures_text(columns: Mapping[str, Values]) -> str:
    """A row for each measure, a column for each evaluation or episode, and what it means."""
    return "\n".join(_rows(columns))


def _rows(columns: Mapping[str, Values]) -> Iterator[str]:
    means = meanings()
    yield f"measure | unit | better | {' | '.join(columns)}"
    values = " | ".join(_number(values.get(PROGRESSION)) for values in columns.values())
    yield f"{PROGRESSION} | percent | higher | {values}"
    for ratio in RATIOS:
        values = " | ".join(_number(values.get(ratio.name)) for values in columns.values())
        yield f"{ratio.name} | {ratio.unit} | {ratio.better or '-'} | {values}"
    yield ""
    for ratio in RATIOS:
        yield f"{ratio.name}: {means[ratio.name]}"


def counts_text(uses: Mapping[str, MemoryUse]) -> str:
    """Tables of operations and files for each evaluation."""
    return "\n".join([line for letter, use in uses.items() for line in _tables(letter, use)])


def _tables(letter: str, use: MemoryUse) -> Iterator[str]:
    yield (
        f"{letter}: {use.episodes} episodes, {use.steps} steps; PLAN looked something up in "
        f"{use.recalled_steps}, LOG wrote something in {use.written_steps}"
    )
    yield (
        "phase | operation | file | by | times | empty | missing | duplicate | refused | "
        "malformed | characters shown"
    )
    for one in use.operations:
        yield (
            f"{one.phase.upper()} | {one.operation} | {one.file} | {one.actor} | {one.times} | "
            f"{one.empty} | {one.missing} | {one.duplicate} | {one.refused} | {one.malformed} | "
            f"{one.shown}"
        )
    yield ""
    yield "file | lines at the end | bytes | writes | of them duplicates | lines repeated | reads"
    for file in use.files:
        yield (
            f"{file.file} | {file.lines:.0f} | {file.bytes:.0f} | {file.writes} | "
            f"{file.duplicates} | {100 * file.repeated_lines:.0f} % | {file.reads}"
        )
    yield ""
    warned = ", ".join(f"{kind} {times}" for kind, times in use.warnings.items())
    yield f"warnings: {warned or 'none'}"
    yield ""


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.0f}"
