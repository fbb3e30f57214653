"""Plays a shipped scaffold over observations written down here, its code in a jail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from automem.agent.making import make_agent
from automem.episode.code import EpisodeCode
from automem.episode.desk import EpisodeDesk
from automem.episode.job import EpisodeJob
from automem.episode.limits import RunBudget
from automem.episode.progress import EpisodeProgress
from automem.episode.recorder import recorder_of
from automem.episode.runner import EpisodeRunner
from automem.episode.writing import TraceWriter
from automem.memory.store import MemoryStore
from automem.models.router import Router
from automem.processes.jail import open_jail
from automem.records.config import AgentSection, LimitsSection
from automem.records.environment import EnvironmentInfo, Frame, Observation, StepResult
from automem.records.trace import Acted, AnyEvent, Asked, Remembered, Started, Warned
from automem.scaffold.load import load_scaffold
from automem.testing.scripted import Answer, ScriptedModel

GAMES = {
    "crafter": (
        (
            *("Noop", "Move West", "Move East", "Move North", "Move South", "Do", "Sleep"),
            *("Place Table", "Make Wood Pickaxe", "Make Iron Pickaxe"),
        ),
        "Noop",
    ),
    "nethack": (
        (
            *("north", "east", "south", "west", "far east", "search", "kick", "pray", "down"),
            *("more", "esc", "y", "n"),
        ),
        "esc",
    ),
    "minihack": (("north", "east", "south", "west", "open", "kick", "search"), "north"),
}


@dataclass
class Tape:
    """A game that shows what is written down, whatever is done."""

    info: EnvironmentInfo
    shown: Sequence[tuple[str, str]]
    played: list[str] = field(default_factory=list)

    async def reset(self, seed: int) -> Observation:
        return self._observation()

    async def step(self, action: str) -> StepResult:
        self.played.append(action)
        return StepResult(observation=self._observation())

    async def frame(self) -> Frame | None:
        return None

    def _observation(self) -> Observation:
        text, status = self.shown[min(len(self.played), len(self.shown) - 1)]
        return Observation(text=text, status=status)


@dataclass
class Played:
    """What an episode left behind."""

    events: list[AnyEvent]
    memory: dict[str, str]
    actions: list[str]

    def prompt(self, step: int, phase: str = "plan", turn: int = 0) -> str:
        """What was asked."""
        (asked,) = [
            e
            for e in self.events
            if isinstance(e, Asked) and (e.step, e.phase, e.turn) == (step, phase, turn)
        ]
        return asked.messages[-1].content

    def operations(self, actor: str = "llm") -> list[Remembered]:
        return [e for e in self.events if isinstance(e, Remembered) and e.actor == actor]

    def warned(self, kind: str) -> list[str]:
        return [e.text for e in self.events if isinstance(e, Warned) and e.kind == kind]

    def acted(self, step: int = 0) -> Acted:
        return [e for e in self.events if isinstance(e, Acted)][step]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Played]:
    def run(
        folder: Path,
        shown: Sequence[tuple[str, str]],
        answers: Sequence[Answer] | None = None,
        *,
        task: str = "default",
        log: str = "<|DONE|>",
        action: str = "",
    ) -> Played:
        """One step for each observation but the last; without answers always LOG and action."""
        scaffold = load_scaffold(folder).for_task(task)
        name = scaffold.manifest.environment
        actions, default = GAMES[name]
        info = EnvironmentInfo(
            name=name,
            task=task,
            actions=actions,
            default_action=default,
            max_steps=max(1, len(shown) - 1),
            matching="tolerant",
        )
        every = [f"<|ACTION|>{action or default}<|END|>"]
        said = answers or every + [log, *every] * len(shown)
        return asyncio.run(_play(scaffold, info, Tape(info, shown), said, tmp_path))

    return run


async def _play(scaffold, info, tape: Tape, said: Sequence[Answer], folder: Path) -> Played:
    events: list[AnyEvent] = []
    memory = MemoryStore(None, scaffold.manifest, scaffold.files)
    progress = EpisodeProgress(info.task, 1, max_steps=info.max_steps)
    async with AsyncExitStack() as stack:
        jail = open_jail(scaffold.code, name="code.py", log=folder / "code.log")
        caller = await stack.enter_async_context(jail)
        writer = stack.enter_context(TraceWriter(folder / "trace.jsonl"))
        recorder = recorder_of([], writer, events.append)
        desk = EpisodeDesk(
            EpisodeJob(environment=info.name, task=info.task, seed=1),
            Router.for_backend(ScriptedModel(said)),
            memory,
            recorder,
            RunBudget.of(LimitsSection()),
            progress,
            EpisodeCode(caller, scaffold, info, memory, recorder, progress, caller.functions),
        )
        started = Started(
            step=0, info=info, seed=1, scaffold="", agent="", roles={}, files=memory.files()
        )
        agent = make_agent(AgentSection(), info, scaffold, consults=False)
        runner = EpisodeRunner(tape, info, agent, desk, scaffold.manifest.actions, started)
        await runner.play()
    faults = [e for e in events if isinstance(e, Warned) and e.kind == "code_fault"]
    assert faults == []
    return Played(events, memory.files(), tape.played)
