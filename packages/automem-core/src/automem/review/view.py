"""What may be looked at in a review: the named evaluations' episodes, and texts; nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from automem.episode.folder import EpisodeFolder
from automem.episode.reader import TraceReader, open_trace
from automem.errors import ConfigError, EvaluationError, RunError, ScaffoldError
from automem.evaluate.episodes import read_result
from automem.evaluate.plan import EvaluationPlan
from automem.records.config import RunConfig
from automem.records.environment import EnvironmentInfo
from automem.records.result import EpisodeResult
from automem.records.review import ReviewTask
from automem.run.config import load_config
from automem.run.layout import EvaluationFolder, RunFolder
from automem.run.seeds import parse_seeds
from automem.scaffold.content import content_hash, copy_into

SeenSeeds = Literal["search", "train"]
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_KEPT_READERS = 4


@dataclass(frozen=True, slots=True)
class ShownEpisode:
    """One finished episode."""

    name: str
    """`A3`: the third episode of evaluation A."""
    evaluation: ShownEvaluation
    task: str
    seed: int
    folder: EpisodeFolder
    result: EpisodeResult


@dataclass(frozen=True, slots=True)
class ShownEvaluation:
    """One evaluation under a letter."""

    letter: str
    what: str
    """`the incumbent`, `the refused change`, or `an earlier scaffold`, with its name."""
    folder: EvaluationFolder
    plan: EvaluationPlan
    episodes: list[ShownEpisode] = field(default_factory=list[ShownEpisode])


@dataclass(slots=True)
class View:
    """The evaluations and episodes of one review, by the short names that its tools use."""

    evaluations: Sequence[ShownEvaluation]
    unsafe_code: bool = False
    """Whether the run plays a scaffold's code also where nothing keeps it in."""
    _readers: dict[str, TraceReader] = field(default_factory=dict[str, TraceReader])
    _infos: dict[str, EnvironmentInfo] = field(default_factory=dict[str, EnvironmentInfo])

    def episodes(self, evaluation: str = "") -> list[ShownEpisode]:
        """Every episode, or those of one evaluation. Raises RunError for a letter there is not."""
        found = [one for one in self.evaluations if evaluation in ("", one.letter)]
        if not found:
            there = ", ".join(one.letter for one in self.evaluations)
            raise RunError(f"there is no evaluation {evaluation!r}; there are {there}")
        return [episode for one in found for episode in one.episodes]

    def episode(self, name: str) -> ShownEpisode:
        """The episode of a name such as `A3`. Raises RunError with the names there are."""
        for episode in self.episodes():
            if episode.name == name.strip().upper():
                return episode
        there = ", ".join(episode.name for episode in self.episodes()) or "none"
        raise RunError(f"there is no episode {name!r}; there are {there}")

    def reader(self, episode: ShownEpisode) -> TraceReader:
        """Its trace; the last few stay open. Raises TraceError."""
        reader = self._readers.pop(episode.name, None) or open_trace(episode.folder)
        self._readers[episode.name] = reader
        if len(self._readers) > _KEPT_READERS:
            del self._readers[next(iter(self._readers))]
        return reader

    def games(self) -> dict[str, EnvironmentInfo]:
        """What the game said of itself in each task. Raises TraceError."""
        for episode in self.episodes():
            if episode.task not in self._infos:
                self._infos[episode.task] = self.reader(episode).started.info
        return self._infos


def open_view(run: RunFolder, task: ReviewTask, sees: SeenSeeds = "search") -> View:
    """The evaluations that a task names. Raises ConfigError, EvaluationError and TraceError.

    Refused is an evaluation on a seed that is kept for something else: what is seen here decides
    what is played next, or what is learned.
    """
    config = load_config(run.config) if run.config.exists() else None
    evaluations: list[ShownEvaluation] = []
    for key in dict.fromkeys((*task.evaluations, *task.failed_evaluations)):
        folder = run.evaluation(key)
        plan = _plan(folder)
        if config is not None:
            _refuse_hidden(key, plan, config, sees)
        number = len(evaluations)
        letter = _LETTERS[number] if number < len(_LETTERS) else f"Z{number}"
        shown = ShownEvaluation(letter, _what(plan, key, task), folder, plan)
        shown.episodes.extend(_finished(shown))
        evaluations.append(shown)
    return View(evaluations, config is not None and config.evaluation.unsafe_code)


def _refuse_hidden(key: str, plan: EvaluationPlan, config: RunConfig, sees: SeenSeeds) -> None:
    """Raises ConfigError for a seed that decides later what was worth learning or keeping."""
    train = {*parse_seeds(config.seeds.train)}
    if sees == "train":
        hidden = sorted(set(plan.seeds) - train)
        why = "none of those to learn from ([seeds] train); a review of this kind sees these only"
    else:
        hidden = sorted(set(plan.seeds) & {*train, *parse_seeds(config.seeds.report)})
        why = "kept for training or for the report; a review of this kind sees search seeds only"
    if hidden:
        raise ConfigError(
            f"the evaluation {key} was played on seed {hidden[0]}, which is {why}; move its folder "
            "out of the run, and what is missing is played again"
        )


def _plan(folder: EvaluationFolder) -> EvaluationPlan:
    try:
        return msgspec.json.decode(folder.plan.read_bytes(), type=EvaluationPlan)
    except (OSError, msgspec.MsgspecError) as error:
        raise EvaluationError(f"{folder.plan} cannot be read: {error}") from error


def _what(plan: EvaluationPlan, key: str, task: ReviewTask) -> str:
    if plan.scaffold == task.incumbent:
        return f"the incumbent, {plan.name}"
    if key in task.failed_evaluations:
        return f"the refused change, {plan.name}"
    return f"another scaffold, {plan.name}"


def _finished(evaluation: ShownEvaluation) -> Iterator[ShownEpisode]:
    number = 0
    for task in evaluation.plan.tasks:
        for seed in evaluation.plan.seeds:
            folder = evaluation.folder.episode(task, seed)
            result = read_result(folder)
            if result is not None:
                number += 1
                name = f"{evaluation.letter}{number}"
                yield ShownEpisode(name, evaluation, task, seed, folder, result)


def scaffold_folder(run: RunFolder, digest: str) -> Path:
    """The run's copy of a scaffold, by its content hash; one that is lost is made again.

    Raises RunError where it was changed since, or the review that proposed it is lost too.
    """
    for folder in sorted(run.scaffolds.glob(f"{digest}-*")) if digest else ():
        if _hash(folder) != digest:
            raise RunError(
                f"{folder} was changed after it was played; restore it, or remove it: what was "
                "proposed by a review is then taken from there"
            )
        return folder
    for overlay in sorted(run.path.glob("reviews/*/overlay")) if digest else ():
        if _hash(overlay) == digest:
            return copy_into(overlay, run.scaffolds)
    raise RunError(
        f"{run.scaffolds} holds no copy of the scaffold {digest!r}, and none of the reviews has "
        "it; put it back from a copy of the run"
    )


def _hash(folder: Path) -> str:
    """The content hash of a scaffold that may be broken in any way; then it is empty."""
    try:
        return content_hash(folder)
    except ScaffoldError:
        return ""
