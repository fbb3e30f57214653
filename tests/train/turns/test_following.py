"""What a table says of single operations, on an episode of a few events."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from automem.episode.folder import EpisodeFolder
from automem.episode.writing import TraceWriter
from automem.errors import TraceError
from automem.memory.grammar import write
from automem.memory.operations import execute
from automem.memory.store import MemoryStore
from automem.records.environment import EnvironmentInfo
from automem.records.memory import Actor, Kind, Operation
from automem.records.model import Message, Role
from automem.records.result import EpisodeResult
from automem.records.scaffold import Inject, Manifest, OperationRule, Phase
from automem.records.trace import Acted, AnyEvent, Asked, Remembered, Started, Totals
from automem_train.turns.following import turns_of
from automem_train.turns.record import Turn
from automem_train.turns.source import Source

KINDS: tuple[Kind, ...] = ("read", "search", "append", "write")
RULES = {kind: OperationRule(name=kind.upper(), kind=kind) for kind in KINDS}
SLOTS = (
    Inject(slot="goals", file="goals", phases=("log",), lines=1),
    Inject(slot="recent", file="log", phases=("log",), operation="tail", lines=1),
    Inject(slot="missing", file="nothing", phases=("log",)),
)


class Episode:
    """Says events as an agent with a memory folder makes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = EpisodeFolder(folder)
        self.memory = MemoryStore(
            None, Manifest(name="m", operation=tuple(RULES.values())), {"log": "old\n", "goals": ""}
        )
        info = EnvironmentInfo(name="walk", actions=("on",), max_steps=9)
        self.events: list[AnyEvent] = [
            Started(step=0, info=info, seed=1, scaffold="", agent="logplan", roles={},
                    files=self.memory.files())
        ]  # fmt: skip

    def ask(
        self,
        step: int,
        phase: Phase,
        turn: int,
        *operations: tuple[Kind, str],
        role: Role = "memory",
        error: str | None = None,
    ) -> None:
        asked = [Operation(name=kind.upper(), arguments=(*text.split("|"),))
                 for kind, text in operations]  # fmt: skip
        prompt = "\n".join(["Prompt.", *self.memory.files().values()])
        self.events.append(
            Asked(step=step, phase=phase, turn=turn, role=role, model="m", error=error,
                  messages=(Message(role="user", content=prompt),),
                  reply="".join(map(write, asked)))
        )  # fmt: skip
        for (kind, _), operation in zip(operations, asked, strict=True):
            self.remember(step, phase, turn, kind, operation)

    def remember(
        self, step: int, phase: Phase, turn: int, kind: Kind, operation: Operation,
        actor: Actor = "llm",
    ) -> None:  # fmt: skip
        result = execute(self.memory, RULES[kind], operation)
        self.events.append(
            Remembered(step=step, phase=phase, turn=turn, actor=actor, operation=operation.name,
                       kind=kind, file=result.file, arguments=operation.arguments,
                       outcome=result.outcome, result=result.text, hits=result.hits,
                       bytes_before=result.bytes_before, bytes_after=result.bytes_after,
                       edit=result.edit)
        )  # fmt: skip

    def act(self, step: int, progression: float) -> None:
        self.events.append(
            Acted(step=step, said="on", executed="on", valid=True, reward=0.0,
                  progression=progression)
        )  # fmt: skip

    def turns(self, slots: Sequence[Inject] = ()) -> list[Turn]:
        with TraceWriter(self.folder.trace) as writer:
            for event in self.events:
                writer.write(event)
        result = EpisodeResult(environment="walk", task="default", seed=1, reason="end",
                               progression=0.5, totals=Totals())  # fmt: skip
        return list(
            turns_of(Source(evaluation="e", task="default", seed=1, folder=self.folder,
                            result=result, rank=0.0, slots=tuple(slots)))
        )  # fmt: skip


@pytest.fixture
def episode(tmp_path: Path) -> Episode:
    return Episode(tmp_path)


def test_a_look_leads_to_the_write_of_the_same_file_in_the_same_log(episode: Episode) -> None:
    episode.ask(1, "log", 0, ("read", "log"), ("read", "goals"))
    episode.ask(1, "log", 1, ("append", "log|new thing"), ("append", "log|other"))
    episode.ask(2, "log", 0, ("append", "log|unseen"))
    first, second, third = episode.turns()
    assert [one.led for one in first.operations] == [True, False]
    assert [one.consulted for one in second.operations] == [True, True]
    assert (first.position, second.position) == ("first", "continue")
    assert not third.operations[0].consulted


def test_a_line_is_reread_once_however_often_it_is_shown(episode: Episode) -> None:
    episode.ask(1, "log", 0, ("append", "log|alpha"), ("append", "log|beta"))
    episode.ask(3, "plan", 0, ("search", "log|alpha"))
    episode.ask(4, "plan", 0, ("read", "log"))
    alpha, beta = episode.turns()[0].operations
    assert (alpha.lines, alpha.reread, alpha.reread_after) == (1, 1, 2)
    assert (beta.lines, beta.reread, beta.reread_after) == (1, 1, 3)


def test_what_the_file_says_already_is_a_duplicate(episode: Episode) -> None:
    episode.ask(1, "log", 0, ("append", "log|a cow at the lake"))
    episode.ask(2, "log", 0, ("append", "log|Step 2: A cow  at the lake"), ("append", "log|water"))
    first, second = episode.turns()
    assert [one.duplicate for one in first.operations] == [False]
    assert [one.duplicate for one in second.operations] == [True, False]


def test_slots_count_as_shown_and_name_the_shape_where_they_hold_something(
    episode: Episode,
) -> None:
    episode.ask(1, "log", 0, ("append", "log|seen in a slot"))
    episode.ask(1, "log", 1, ("write", "goals|find iron"))
    episode.ask(2, "log", 0, ("read", "log"))
    first, second, third = episode.turns(SLOTS)
    assert first.shape == "log/first+recent"
    assert second.shape == "log/continue+recent"
    assert third.shape == "log/first+goals+recent"
    assert first.operations[0].reread_after == 1
    assert second.operations[0].reread_after == 1


def test_what_scaffold_code_writes_belongs_to_no_turn(episode: Episode) -> None:
    code = Operation(name="APPEND", arguments=("log", "status: fine"))
    episode.remember(1, "log", -1, "append", code, actor="code")
    episode.ask(1, "log", 0, ("append", "log|status: fine"), ("search", "log|status"))
    (turn,) = episode.turns()
    assert turn.operations[0].duplicate
    assert [one.kind for one in turn.operations] == ["append", "search"]


def test_failed_calls_are_no_turns_and_refused_operations_write_nothing(episode: Episode) -> None:
    episode.ask(1, "log", 0, error="the engine is down")
    episode.ask(1, "log", 0, ("append", ""))
    (turn,) = episode.turns()
    assert turn.operations[0].outcome == "malformed"
    assert turn.operations[0].lines == 0


def test_the_gameplay_role_is_handed_to_after_the_memory_role_only(episode: Episode) -> None:
    episode.ask(0, "plan", 0, ("read", "log"))
    episode.ask(0, "plan", 1, ("read", "log"), role="gameplay")
    episode.ask(0, "plan", 2, ("read", "goals"), role="gameplay")
    episode.ask(1, "plan", 0, ("read", "log"), role="gameplay")
    episode.ask(1, "plan", 1, ("read", "log"), role="gameplay")
    episode.ask(1, "plan", 2, role="gameplay")
    positions = [(turn.step, turn.position) for turn in episode.turns()]
    assert positions == [
        (0, "first"),
        (0, "handoff"),
        (0, "handoff"),
        (1, "first"),
        (1, "continue"),
    ]


def test_gain_is_what_comes_within_the_horizon(episode: Episode) -> None:
    for step in range(60):
        episode.ask(step, "log", 0)
        episode.act(step, step / 100)
    turns = episode.turns()
    assert [turns[0].before, turns[0].gain] == [0.0, 0.49]
    assert turns[5].before == 0.04
    assert turns[5].gain == pytest.approx(0.5)
    assert turns[59].gain == pytest.approx(0.01)


def test_an_operation_without_its_call_is_a_damaged_trace(episode: Episode) -> None:
    episode.ask(1, "log", 0)
    episode.remember(1, "log", 4, "read", Operation(name="READ", arguments=("log",)))
    with pytest.raises(TraceError, match="log turn 4 follows another call"):
        episode.turns()
