"""One toy episode with scripted answers, and the events it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from automem.agent.making import make_agent
from automem.episode.code import EpisodeCode
from automem.episode.desk import EpisodeDesk
from automem.episode.job import EpisodeJob
from automem.episode.limits import RunBudget
from automem.episode.progress import EpisodeProgress
from automem.episode.recorder import recorder_of
from automem.episode.runner import EpisodeRunner
from automem.episode.views import StepView, steps_of
from automem.episode.writing import TraceWriter
from automem.memory.store import MemoryStore
from automem.models.router import Router
from automem.processes.pool import in_process
from automem.records.config import AgentSection, LimitsSection
from automem.records.model import ModelRequest
from automem.records.scaffold import CodeRule, Manifest
from automem.records.trace import AnyEvent, Started
from automem.scaffold.load import load_scaffold
from automem.testing.scripted import Answer, ScriptedModel
from automem.testing.toy import Toy, ToyOptions, toy_scaffold

Answers = Sequence[Answer] | Callable[[ModelRequest], Answer]


@dataclass
class Played:
    """What an episode left behind."""

    events: list[AnyEvent]
    memory: dict[str, str]
    requests: list[ModelRequest]
    gameplay_requests: list[ModelRequest]

    @property
    def steps(self) -> list[StepView]:
        return list(steps_of(self.events))


@dataclass
class Double:
    """Scaffold code that runs here, without a jail."""

    code: Mapping[str, Callable[..., object]]

    @property
    def functions(self) -> frozenset[str]:
        return frozenset(self.code)

    async def call(self, function: str, *arguments: object) -> object:
        return self.code[function](*arguments)

    async def end(self) -> None:
        """It keeps what the test lets it keep."""


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Played]:
    """Play with scripted answers; `gameplay` makes it two-model play."""

    def run(
        answers: Answers,
        *,
        gameplay: Answers | None = None,
        steps: int = 1,
        agent: AgentSection | None = None,
        code: Mapping[str, Callable[..., object]] | None = None,
        texts: Mapping[str, str] | None = None,
        rule: CodeRule | None = None,
        recorded: Iterable[AnyEvent] = (),
        **manifest: object,
    ) -> Played:
        section = agent or AgentSection()
        events: list[AnyEvent] = []
        memory_model = ScriptedModel(answers)
        game_model = memory_model if gameplay is None else ScriptedModel(gameplay)
        toy = Toy("default", ToyOptions(max_steps=steps))
        scaffold = load_scaffold(toy_scaffold())
        changed = msgspec.structs.replace(scaffold.manifest, code=rule or CodeRule(), **manifest)
        scaffold = type(scaffold)(
            folder=scaffold.folder,
            manifest=changed,
            prompts={**scaffold.prompts, **(texts or {})},
            files=scaffold.files,
            code=None,
            hash=scaffold.hash,
        )
        by_scaffold = section.name == "logplan"
        store = MemoryStore(
            None,
            changed if by_scaffold else Manifest(name="none"),
            scaffold.files if by_scaffold else {},
        )
        job = EpisodeJob(environment="toy", task="default", seed=1)
        with TraceWriter(tmp_path / f"{len(list(tmp_path.iterdir()))}.jsonl") as writer:
            recorder = recorder_of(list(recorded), writer, events.append)
            desk = EpisodeDesk(
                job,
                Router.for_backend(memory_model, gameplay=game_model),
                store,
                recorder,
                RunBudget.of(LimitsSection()),
                EpisodeProgress("default", 1, max_steps=steps),
            )
            started = Started(
                step=0, info=toy.info, seed=1, scaffold="", agent="", roles={}, files=store.files()
            )
            if code is not None:
                desk.code = EpisodeCode(
                    Double(code),
                    scaffold,
                    toy.info,
                    store,
                    recorder,
                    desk.progress,
                    frozenset(code),
                )
            consults = gameplay is not None
            runner = EpisodeRunner(
                session=in_process(toy),
                info=toy.info,
                agent=make_agent(section, toy.info, scaffold, consults=consults),
                desk=desk,
                rule=changed.actions,
                started=started,
            )
            asyncio.run(runner.play())
        return Played(events, store.files(), memory_model.requests, game_model.requests)

    return run
