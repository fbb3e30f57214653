"""The conversations behind chosen turns, read from the traces one episode at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple, cast

from automem.episode.folder import EpisodeFolder
from automem.episode.stream import stream_events, trace_of
from automem.episode.views import StepView, steps_of
from automem.errors import DataError
from automem.records.model import Message
from automem.records.scaffold import Phase
from automem.records.trace import Asked
from automem.run.layout import RunFolder


class TurnId(NamedTuple):
    """An id in its parts."""

    evaluation: str
    task: str
    seed: int
    step: int
    phase: Phase
    turn: int

    @property
    def episode(self) -> str:
        """Evaluation, task and seed."""
        return f"{self.evaluation}/{self.task}/{self.seed}"


class Conversation(NamedTuple):
    """One turn as the trace has it."""

    messages: tuple[Message, ...]
    """What was asked, the whole conversation."""
    asked: Asked
    """The call itself, with its reply."""


def read_id(text: str) -> TurnId:
    """The parts of an id. Raises DataError."""
    parts = text.split("/")
    if len(parts) == 6 and parts[4] in ("log", "plan"):
        evaluation, task, seed, step, phase, turn = parts
        if seed.isdecimal() and step.isdecimal() and turn.isdecimal():
            return TurnId(evaluation, task, int(seed), int(step), cast("Phase", phase), int(turn))
    raise DataError(f"{text!r} is no id of a turn: evaluation/task/seed/step/phase/turn")


def conversations(run: RunFolder, ids: Iterable[str]) -> Iterator[tuple[TurnId, Conversation]]:
    """Every turn of these ids, by episode in the order given, by step within one.

    Raises DataError for a turn that its trace does not have, TraceError.
    """
    episodes: dict[str, dict[int, set[TurnId]]] = defaultdict(lambda: defaultdict(set))
    for text in ids:
        turn = read_id(text)
        episodes[turn.episode][turn.step].add(turn)
    for steps in episodes.values():
        first = next(iter(next(iter(steps.values()))))
        folder = run.evaluation(first.evaluation).path / "episodes" / first.task / str(first.seed)
        for view in steps_of(stream_events(trace_of(EpisodeFolder(folder)))):
            for turn in sorted(steps.pop(view.number, ())):
                yield turn, _conversation(view, turn)
            if not steps:
                break
        if steps:
            raise DataError(f"the trace in {folder} has no step {min(steps)}")


def _conversation(view: StepView, turn: TurnId) -> Conversation:
    messages: list[Message] = []
    for asked in view.turns(turn.phase):
        messages += asked.messages
        if asked.turn == turn.turn:
            return Conversation(tuple(messages), asked)
        messages.append(Message(role="assistant", content=asked.reply))
    raise DataError(
        f"step {turn.step} of {turn.episode} has no turn {turn.turn} in {turn.phase.upper()}"
    )
