"""From what a person types to a run, an evaluation or an episode of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from automem.episode.folder import EpisodeFolder
from automem.errors import EvaluationError, RunError
from automem.evaluate.plan import EvaluationPlan
from automem.evaluate.replay import read_plan
from automem.run.layout import EvaluationFolder, RunFolder, run_folder
from automem.spelling import did_you_mean

MOST_LISTED = 10


class Found(NamedTuple):
    """One episode and what it belongs to."""

    run: RunFolder
    evaluation: EvaluationFolder
    plan: EvaluationPlan
    episode: EpisodeFolder

    @property
    def name(self) -> str:
        """Evaluation, task and seed, as `locate_episode` understands them."""
        return f"{self.evaluation.path.name[:8]}/{self.task}/{self.seed}"

    @property
    def task(self) -> str:
        """The task's folder name."""
        return self.episode.path.parent.name

    @property
    def seed(self) -> str:
        """The seed."""
        return self.episode.path.name


def is_run(path: Path) -> bool:
    """Whether a folder is a run's."""
    run = RunFolder(path)
    return run.config.is_file() or run.status.is_file() or (path / "evaluations").is_dir()


def runs_in(folder: Path) -> list[RunFolder]:
    """Every run below `folder`, by name."""
    if not folder.is_dir():
        return []
    return [RunFolder(path) for path in sorted(folder.iterdir()) if is_run(path)]


def locate_run(text: str, folder: Path) -> RunFolder:
    """A run by its path, or by its name below `folder`. Raises RunError."""
    path = Path(text)
    if is_run(path):
        return RunFolder(path)
    named = run_folder(folder, text)
    if is_run(named.path):
        return named
    known = [run.name for run in runs_in(folder)]
    there = f"; there are: {', '.join(known[:MOST_LISTED])}" if known else "; there is none yet"
    raise RunError(f"no run at {path} or in {folder}{did_you_mean(text, known) or there}")


def locate_evaluation(run: RunFolder, text: str = "") -> tuple[EvaluationFolder, EvaluationPlan]:
    """An evaluation by the beginning of its key or by its name; the only one without a text.

    Raises RunError.
    """
    plans = [(folder, read_plan(folder)) for folder in run.evaluations() if folder.plan.exists()]
    matching = [
        (folder, plan) for folder, plan in plans if not text or _is_called(folder, plan, text)
    ]
    if len(matching) == 1:
        return matching[0]
    listed = "".join(f"\n  {found.path.name}  {plan.name}" for found, plan in matching or plans)
    wanted = f"named {text!r} " if text else ""
    if not matching:
        raise RunError(f"no evaluation {wanted}in {run.path}; there are:{listed or ' none'}")
    raise RunError(
        f"{len(matching)} evaluations {wanted}in {run.path}; name one by the beginning of its "
        f"key:{listed}"
    )


def locate_episode(run: RunFolder, text: str) -> Found:
    """An episode by `42`, `default/42`, `crafter-map/42` or `KEY/default/42`.

    The parts before the seed may be the task, the environment, and the evaluation's key (or its
    beginning) or name. Raises RunError, listing what is there if that is none or several.
    """
    everything = [
        Found(run, folder, plan, episode)
        for folder in run.evaluations()
        for plan in _plans(folder)
        for episode in folder.episodes()
    ]
    *before, seed = [part for part in text.split("/") if part] or [""]
    matching = [
        found
        for found in everything
        if found.seed == seed and all(_is_part(found, part) for part in before)
    ]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise RunError(
            f"{text!r} is {len(matching)} episodes of {run.path}; name one of:{_listed(matching)}"
        )
    parts = {part for found in everything for part in (found.task, found.plan.name)}
    near = "".join(did_you_mean(part, parts) for part in before if part not in parts)
    same_seed = [found for found in everything if found.seed == seed]
    raise RunError(
        f"no episode {text!r} in {run.path}{near}; there are:"
        f"{_listed(same_seed or everything) or ' none'}"
    )


def _listed(episodes: list[Found]) -> str:
    lines = [f"\n  {found.name}  ({found.plan.name})" for found in episodes[:MOST_LISTED]]
    hidden = len(episodes) - MOST_LISTED
    return "".join(lines) + (f"\n  and {hidden} more" if hidden > 0 else "")


def _plans(folder: EvaluationFolder) -> list[EvaluationPlan]:
    try:
        return [read_plan(folder)]
    except EvaluationError:
        return []


def _is_part(found: Found, part: str) -> bool:
    return part in (found.task, found.plan.environment) or _is_called(
        found.evaluation, found.plan, part
    )


def _is_called(folder: EvaluationFolder, plan: EvaluationPlan, text: str) -> bool:
    return text == plan.name or (len(text) >= 4 and folder.path.name.startswith(text))
