"""A game of NetHack whose worker is killed goes on in a new one, where it was."""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from automem.episode.reader import open_trace
from automem.episode.recorder import timeless
from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
from automem.plugins import load_plugins
from automem.records.config import (
    EnvironmentSection,
    EvaluationSection,
    LimitsSection,
    RoleSection,
    RunConfig,
    RunSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.records.trace import AnyEvent, Observed
from automem.run.layout import run_folder
from automem.testing.watcher import Watcher

KILLED_AT = 12
SEEDS = (42, 43)


@dataclass
class Killer:
    """Kills the workers the first time that a game has come so far."""

    killed: list[int] = field(default_factory=list[int])

    def __call__(self, event: AnyEvent) -> None:
        if self.killed or not isinstance(event, Observed) or event.step < KILLED_AT:
            return
        self.killed.extend(_workers())
        for pid in self.killed:
            os.kill(pid, signal.SIGKILL)


def _workers() -> list[int]:
    """The environment workers of this process."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"automem.processes.worker" in words and str(os.getpid()).encode() in words:
            found.append(int(path.parent.name))
    return found


async def _play(folder: Path, watcher: Watcher) -> dict[int, list[AnyEvent]]:
    """Some steps of two games, of one worker; what their traces hold."""
    config = RunConfig(
        run=RunSection(name="dungeon", folder=str(folder)),
        environment=EnvironmentSection(name="nethack"),
        scaffold=ScaffoldSection(source="nethack-v0"),
        roles={"default": RoleSection(backend="rules")},
        seeds=SeedsSection(search=SEEDS),
        evaluation=EvaluationSection(workers=1),
        limits=LimitsSection(episode_tokens=200_000),
    )
    run = run_folder(config.run.folder, config.run.name)
    await evaluate(config, load_plugins(), run, progress=Progress(), subscribers=[watcher])
    (evaluation,) = run.evaluations()
    return {
        seed: [
            timeless(event)
            for event in open_trace(evaluation.episode("NetHackChallenge-v0", seed)).events()
        ]
        for seed in SEEDS
    }


@pytest.mark.anyio
async def test_games_of_a_killed_worker_end_as_those_of_one_that_was_not(tmp_path: Path) -> None:
    killer, watcher = Killer(), Watcher()
    whole = await _play(tmp_path / "whole", watcher)
    killed = await _play(tmp_path / "killed", Watcher(at=killer))
    assert len(killer.killed) == 1
    steps = Counter(seed for _, seed, event in watcher.events if isinstance(event, Observed))
    assert min(steps.values()) > KILLED_AT
    assert killed == whole
