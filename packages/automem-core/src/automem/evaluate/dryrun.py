"""Plays a scaffold over recorded observations, asking no model: what would crash an episode shows.

The agent, the memory and the code are those of an episode. Observations come from the recording
whatever is done; the model's part is taken by what it said then, and by one use of each operation.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from automem.agent.conversation import Conversation
from automem.agent.logplan import LogPlan
from automem.agent.protocol import Coder, Scene
from automem.agent.rendering import PhasePrompts
from automem.episode.answers import NoAnswers
from automem.episode.code import EpisodeCode
from automem.episode.desk import EpisodeDesk
from automem.episode.job import EpisodeJob
from automem.episode.limits import RunBudget
from automem.episode.observing import Unchanged, observed
from automem.episode.progress import EpisodeProgress
from automem.episode.recorder import CODE_FAULT, recorder_of
from automem.episode.views import StepView, steps_of
from automem.episode.writing import TraceWriter
from automem.errors import AutoMemError, CodeFault
from automem.memory.store import MemoryStore
from automem.memory.usage import arguments_of
from automem.records.config import LimitsSection
from automem.records.environment import EnvironmentInfo, Observation
from automem.records.memory import Operation, OperationResult
from automem.records.model import ModelReply, Role
from automem.records.scaffold import OperationRule, Phase
from automem.records.trace import Acted, AnyEvent, Remembered, Started, Warned
from automem.scaffold.code import Caller
from automem.scaffold.content import CODE
from automem.scaffold.load import Scaffold
from automem.scaffold.problem import Problem

MOST_STEPS = 150
"""Of one recording, from its beginning."""
MOST_TOLD = 8
_TWICE = 12
"""How many calls of each function are made a second time, to see whether they answer alike."""
_EXERCISED = (1, 2, 30)
"""The steps at which every operation is used once."""


async def dry_run(
    scaffold: Scaffold, events: Iterable[AnyEvent], name: str, caller: Caller | None
) -> list[Problem]:
    """What goes wrong when a recorded episode's observations are shown to this scaffold.

    `name` is what messages call the recording. Raises TraceError where it cannot be read.
    """
    rest = iter(events)
    started = next(rest, None)
    if not isinstance(started, Started):
        return []
    scaffold = scaffold.for_task(started.info.task)
    with tempfile.TemporaryDirectory(prefix="automem-dry-") as folder:
        found: list[AnyEvent] = []
        problems: list[Problem] = []
        with TraceWriter(Path(folder) / "trace.jsonl") as writer:
            try:
                desk = _desk(scaffold, started, writer, found, caller)
                agent = LogPlan(PhasePrompts.of(scaffold, started.info))
                await _play(agent, desk, started.info, steps_of(rest))
            except AutoMemError as error:
                problems.append(Problem(where=str(scaffold.folder), text=f"{error} ({name})"))
    return [*islice(_problems(found, name), MOST_TOLD), *problems]


def invented(info: EnvironmentInfo) -> Iterator[AnyEvent]:
    """A recording that nobody played: nothing to be seen, very much, and odd characters."""
    yield Started(step=0, info=info, seed=0, scaffold="", agent="", roles={})
    odd = '@ {{ x }} {% y %} <|END|> \u00e9\u6f22\u0000 "'
    texts = ("", "You see nothing.", "", odd, "." * 20_000, odd + "\n" * 500, "", "")
    action = info.default_action or next(iter(info.actions), "look")
    for step, text in enumerate(texts):
        status = odd if step % 2 else ""
        yield observed(step, Observation(text=text, status=status), info)
        if step < len(texts) - 1:
            yield Acted(
                step=step,
                said=action,
                executed=action,
                valid=bool(step % 2),
                reward=0.5,
                progression=0.0,
                events=("first",) if step == 0 else (),
            )


async def _play(
    agent: LogPlan, desk: _DryDesk, info: EnvironmentInfo, steps: Iterator[StepView]
) -> None:
    unchanged = Unchanged(info)
    before: StepView | None = None
    for view in islice(steps, MOST_STEPS):
        if view.observed is None:
            return
        scene = Scene(step=view.number, observed=view.observed)
        if before is not None and before.observed is not None and before.acted is not None:
            scene = Scene(
                step=view.number,
                observed=view.observed,
                previous=before.observed,
                acted=before.acted,
                unchanged=unchanged.after(before.observed, before.acted, view.observed),
            )
        desk.begin(view)
        await agent.act(scene, desk)
        before = view


def _desk(
    scaffold: Scaffold,
    started: Started,
    writer: TraceWriter,
    found: list[AnyEvent],
    caller: Caller | None,
) -> _DryDesk:
    info = started.info
    memory = MemoryStore(None, scaffold.manifest, scaffold.files)
    recorder = recorder_of([], writer, found.append)
    progress = EpisodeProgress(info.task, started.seed, max_steps=info.max_steps)
    desk = EpisodeDesk(
        EpisodeJob(environment=info.name, task=info.task, seed=started.seed),
        NoAnswers(),
        memory,
        recorder,
        RunBudget.of(LimitsSection()),
        progress,
    )
    if caller is not None:
        twice = _Twice(caller)
        desk.code = EpisodeCode(twice, scaffold, info, memory, recorder, progress, caller.functions)
    return _DryDesk(desk=desk, scaffold=scaffold)


@dataclass(slots=True)
class _DryDesk:
    """An episode's desk at which a script takes the model's place."""

    desk: EpisodeDesk
    scaffold: Scaffold
    view: StepView = field(default_factory=lambda: StepView(number=0))

    @property
    def memory(self) -> MemoryStore:
        """See `Desk`."""
        return self.desk.memory

    @property
    def code(self) -> Coder | None:
        """See `Desk`."""
        return self.desk.code

    def begin(self, view: StepView) -> None:
        """Go on to the next recorded step."""
        self.view = view
        self.desk.step = view.number

    async def ask(self, role: Role, phase: Phase, conversation: Conversation) -> ModelReply:
        """Say what was said then, or use operations."""
        del role
        turn = conversation.turns
        parts: list[str] = []
        if turn == 0:
            parts += [asked.reply for asked in self.view.turns("log") if phase == "log"][:1]
            if self.view.number in _EXERCISED:
                rules = self.scaffold.vocabulary(phase).values()
                parts += [_used(rule, self.memory.names(), self.view.number) for rule in rules]
        acted = self.view.acted
        action = (acted.said or acted.executed) if acted is not None else "nothing"
        text = "\n".join(parts).replace("<|DONE|>", "").replace("<|ACTION|>", "")
        if not text:
            text = "<|DONE|>" if phase == "log" else f"<|ACTION|>{action}<|END|>"
        conversation.answered(text)
        return ModelReply(text=text)

    def remember(
        self, phase: Phase, turn: int, rule: OperationRule, operation: Operation
    ) -> OperationResult:
        """See `Desk`."""
        return self.desk.remember(phase, turn, rule, operation)

    def warn(self, kind: str, text: str) -> None:
        """See `Desk`."""
        self.desk.warn(kind, text)


@dataclass(slots=True)
class _Twice:
    """Makes the first calls of each function twice: what is kept between calls is lost one day."""

    caller: Caller
    _calls: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def functions(self) -> frozenset[str]:
        """See `Caller`."""
        return self.caller.functions

    async def call(self, function: str, *arguments: object) -> object:
        """See `Caller`. Raises CodeFault also where the second answer is another one."""
        answer = await self.caller.call(function, *arguments)
        count = self._calls.get(function, 0)
        if count < _TWICE:
            self._calls[function] = count + 1
            if await self.caller.call(function, *arguments) != answer:
                raise CodeFault(
                    f"{function} answers the same context in two ways; keep nothing in global "
                    "variables (return it as state), and draw no lots",
                    kind="invalid",
                )
        return answer

    async def end(self) -> None:
        """See `Caller`."""
        await self.caller.end()


def _used(rule: OperationRule, names: Sequence[str], step: int) -> str:
    """One use of an operation, plausible enough."""
    number = step + 1
    values = {
        "file": next(iter(names), "notes.txt"),
        "words": "a",
        "n": "3",
        "key": ",".join(str(number) for _ in (rule.shape or "key").split(",")),
        "text": f"Noted at step {step}.",
    }
    arguments = "|".join(values[name] for name in arguments_of(rule))
    return f"<|{rule.name}|>{arguments}<|END|>"


def _problems(events: Iterable[AnyEvent], name: str) -> Iterator[Problem]:
    """What code did wrong, each thing where it came up first."""
    told: set[tuple[str, str]] = set()
    for event in events:
        match event:
            case Warned(kind=kind) if kind == CODE_FAULT:
                about, text = event.about, event.text
            case Remembered(actor="code") if event.outcome in ("refused", "malformed"):
                about, text = "remember", event.result
            case _:
                continue
        if (about, text) not in told:
            told.add((about, text))
            shown = f"{text} ({name}, step {event.step})"
            yield Problem(where=f"{CODE}: {about}", text=shown)
