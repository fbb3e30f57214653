"""Every path of a run folder, so that no other module spells one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from automem.episode.folder import EpisodeFolder

__all__ = ["EpisodeFolder", "EvaluationFolder", "RunFolder", "run_folder"]


def _of_run(name: str) -> str:
    """A run's name as one readable path component."""
    return re.sub(r"[^A-Za-z0-9._+-]|^\.{1,2}$", "_", name) or "_"


def _of_task(name: str) -> str:
    """A task's name as one path component, another one for each name: their traces stay apart."""
    return re.sub(r"^(\.|$)", lambda found: f"%{found[0] and '2E'}", quote(name, safe="+"))


def _letters(number: int) -> str:
    """`a` for 1, `z` for 26, `aa` for 27."""
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("a") + letter) + letters
    return letters


@dataclass(frozen=True, slots=True)
class EvaluationFolder:
    """`evaluations/<key>/`."""

    path: Path

    @property
    def run(self) -> RunFolder:
        """The run it is part of."""
        return RunFolder(self.path.parent.parent)

    @property
    def evaluation(self) -> Path:
        """Written last: exists means that the evaluation is complete."""
        return self.path / "evaluation.json"

    @property
    def plan(self) -> Path:
        """What is evaluated: the content that the key is the hash of."""
        return self.path / "plan.json"

    def episode(self, task: str, seed: int) -> EpisodeFolder:
        """The folder of one episode."""
        return EpisodeFolder(self.path / "episodes" / _of_task(task) / str(seed))

    def episodes(self) -> list[EpisodeFolder]:
        """Every episode folder there is, by task and seed."""
        found = [p for p in self.path.glob("episodes/*/*") if p.name.isdecimal() and p.is_dir()]
        return [EpisodeFolder(p) for p in sorted(found, key=lambda p: (p.parent.name, int(p.name)))]


@dataclass(frozen=True, slots=True)
class RunFolder:
    """`runs/<name>/`."""

    path: Path

    @property
    def name(self) -> str:
        """The run's name."""
        return self.path.name

    @property
    def config(self) -> Path:
        """The resolved configuration, runnable as it is."""
        return self.path / "run.toml"

    @property
    def status(self) -> Path:
        """Status, heartbeat, versions, git, hardware."""
        return self.path / "run.json"

    @property
    def lock(self) -> Path:
        """Held by the one process that works on the run."""
        return self.path / "run.lock"

    @property
    def log(self) -> Path:
        """The host's own log, one JSON line an event."""
        return self.logs / "automem.log"

    @property
    def logs(self) -> Path:
        """Logs of the host and of every child process."""
        return self.path / "logs"

    @property
    def code_log(self) -> Path:
        """What jails of scaffold code say before they are locked."""
        return self.logs / "code.log"

    @property
    def scaffolds(self) -> Path:
        """Immutable copies of every scaffold that was played."""
        return self.path / "scaffolds"

    @property
    def ledger(self) -> Path:
        """One line for each scaffold or recipe that was tried."""
        return self.path / "ledger.jsonl"

    @property
    def against_itself(self) -> Path:
        """How often the gate took a scaffold for better than itself, where that was asked."""
        return self.path / "against-itself.json"

    def review(self, revision: int, number: int) -> Path:
        """The folder of the `number`-th review of a revision, both from 1: `reviews/001-a/`."""
        return self.path / "reviews" / f"{revision:03d}-{_letters(number)}"

    def recipe_review(self, iteration: int, version: int) -> Path:
        """The folder of a review that writes a recipe, by iteration and scaffold, both from 1.

        `reviews/t001-b/` is the first recipe, for the second scaffold that was the best one.
        """
        return self.path / "reviews" / f"t{iteration:03d}-{_letters(version)}"

    @property
    def data(self) -> Path:
        """Tables of turns in `turns/`, and data sets for training, each in a folder of its own."""
        return self.path / "data"

    @property
    def adapters(self) -> Path:
        """What was trained: a folder for each training job, named by its key."""
        return self.path / "adapters"

    @property
    def pipeline(self) -> Path:
        """The final table of `automem pipeline`: exists once all of it was played."""
        return self.path / "pipeline.json"

    @property
    def report(self) -> Path:
        """The page that `automem report` writes."""
        return self.path / "report.html"

    def evaluation(self, key: str) -> EvaluationFolder:
        """The folder of one evaluation."""
        return EvaluationFolder(self.path / "evaluations" / key)

    def evaluations(self) -> list[EvaluationFolder]:
        """Every evaluation folder there is."""
        return [EvaluationFolder(p) for p in sorted(self.path.glob("evaluations/*")) if p.is_dir()]


def run_folder(folder: str | Path, name: str) -> RunFolder:
    """The folder of the run `name` below `folder`."""
    return RunFolder(Path(folder) / _of_run(name))
