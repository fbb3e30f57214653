"""Traces written by hand, their operations carried out as an episode does it."""

from __future__ import annotations

from dataclasses import dataclass, field

from automem.episode.observing import observed
from automem.memory.operations import execute
from automem.memory.store import MemoryStore
from automem.records.environment import EnvironmentInfo, Observation
from automem.records.memory import Actor, Kind, Operation
from automem.records.model import Message, Usage
from automem.records.scaffold import (
    FileRule,
    KeyRule,
    Manifest,
    OperationRule,
    Phase,
    Retention,
)
from automem.records.trace import Acted, AnyEvent, Asked, Remembered, Started

KINDS: tuple[Kind, ...] = (
    "read",
    "search",
    "tail",
    "count",
    "append",
    "write",
    "create",
    "upsert",
)
RULES = {kind: OperationRule(name=kind.upper(), kind=kind) for kind in KINDS}
FILES = {
    "map.txt": FileRule(key=KeyRule(shape="x,y")),
    "short.txt": FileRule(retention=Retention(max_lines=3, keep_last=2, pinned=1)),
    "fixed.txt": FileRule(modes=("write",)),
}


HAND = EnvironmentInfo(name="hand", actions=("left", "right", "wait"))


@dataclass
class Tape:
    """One episode, event by event."""

    info: EnvironmentInfo = HAND
    seeded: dict[str, str] = field(default_factory=dict[str, str])
    events: list[AnyEvent] = field(default_factory=list[AnyEvent])
    step: int = -1

    def __post_init__(self) -> None:
        manifest = Manifest(name="hand", files=FILES, operation=tuple(RULES.values()))
        self.memory = MemoryStore(None, manifest, self.seeded)
        self.events.append(
            Started(
                step=0,
                info=self.info,
                seed=1,
                scaffold="",
                agent="logplan",
                roles={},
                files=self.memory.files(),
            )
        )

    def see(self, text: str, *, status: str = "", at: tuple[int, int, int] | None = None) -> None:
        """The next observation."""
        self.step += 1
        shown = Observation(text=text, status=status, position=at)
        self.events.append(observed(self.step, shown, self.info))

    def act(
        self,
        action: str,
        *,
        reward: float = 0.0,
        progression: float = 0.0,
        valid: bool = True,
        events: tuple[str, ...] = (),
    ) -> None:
        """The action of this step."""
        self.events.append(
            Acted(
                step=self.step,
                said=action,
                executed=action,
                valid=valid,
                reward=reward,
                progression=progression,
                events=events,
            )
        )

    def ask(
        self,
        tokens: int = 0,
        *,
        cached: int = 0,
        prompt: str = "",
        phase: Phase = "log",
        turn: int = 0,
        error: str | None = None,
    ) -> None:
        """One call."""
        self.events.append(
            Asked(
                step=self.step,
                phase=phase,
                turn=turn,
                role="memory",
                model="m",
                messages=(Message(role="user", content=prompt),),
                usage=Usage(input_tokens=tokens, cached_tokens=cached),
                error=error,
            )
        )

    def do(
        self, kind: Kind, *arguments: str, phase: Phase = "log", actor: Actor = "llm"
    ) -> Remembered:
        """One memory operation, carried out."""
        result = execute(self.memory, RULES[kind], Operation(name="X", arguments=arguments))
        event = Remembered(
            step=self.step,
            phase=phase,
            turn=0,
            actor=actor,
            operation=result.operation,
            kind=kind,
            file=result.file,
            arguments=arguments,
            outcome=result.outcome,
            result=result.text,
            hits=result.hits,
            bytes_before=result.bytes_before,
            bytes_after=result.bytes_after,
            edit=result.edit,
        )
        self.events.append(event)
        return event
