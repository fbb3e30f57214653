"""How each operation and each file of the memory was used: counts over episodes, for a review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from automem.memory.history import History
from automem.records._struct import Record
from automem.records.memory import WRITING_KINDS, Actor, Kind
from automem.records.scaffold import Phase
from automem.records.trace import AnyEvent, Remembered, Started, Warned


class OperationUse(Record):
    """One operation on one file in one phase, over all episodes counted."""

    phase: Phase
    operation: str
    kind: Kind
    file: str
    actor: Actor
    times: int = 0
    empty: int = 0
    """Found nothing; likewise `missing`, `duplicate`, `refused`, `malformed`."""
    missing: int = 0
    duplicate: int = 0
    refused: int = 0
    malformed: int = 0
    hits: int = 0
    """Lines found, shown or counted, all together."""
    shown: int = 0
    """Characters of its answers."""


class FileUse(Record):
    """One memory file, over all episodes counted."""

    file: str
    episodes: int = 0
    """In how many it was there at the end."""
    lines: float = 0.0
    """At the end, as mean over these; likewise `bytes`."""
    bytes: float = 0.0
    writes: int = 0
    duplicates: int = 0
    """Writes that changed nothing."""
    repeated_lines: float = 0.0
    """Share of the lines at the end that stand in the file more than once."""
    reads: int = 0
    """Retrievals by operations; what a prompt slot shows is not counted here."""


class MemoryUse(Record):
    """Counts of many episodes together."""

    episodes: int
    steps: int
    recalled_steps: int
    """Steps whose PLAN looked something up; likewise `written_steps` whose LOG wrote something."""
    written_steps: int
    operations: tuple[OperationUse, ...]
    files: tuple[FileUse, ...]
    warnings: dict[str, int]
    """Kind of a warning -> how often, such as `turn_limit` or `no_action`."""


_OUTCOMES = ("empty", "missing", "duplicate", "refused", "malformed")
_Key = tuple[Phase, str, Kind, str, Actor]


def memory_use(episodes: Iterable[tuple[int, Iterable[AnyEvent]]]) -> MemoryUse:
    """Count `(steps, events)` of each episode; observations and calls are not needed."""
    counts = _Counts()
    for steps, events in episodes:
        counts.episodes += 1
        counts.steps += steps
        counts.play(events)
    operations = tuple([_operation(key, found) for key, found in sorted(counts.times.items())])
    return MemoryUse(
        episodes=counts.episodes,
        steps=counts.steps,
        recalled_steps=counts.recalled,
        written_steps=counts.written,
        operations=operations,
        files=tuple([counts.file(name, operations) for name in sorted(counts.files)]),
        warnings=dict(sorted(counts.warnings.items())),
    )


@dataclass(slots=True)
class _Counts:
    """What has been counted so far."""

    episodes: int = 0
    steps: int = 0
    recalled: int = 0
    written: int = 0
    times: dict[_Key, Counter[str]] = field(default_factory=dict[_Key, Counter[str]])
    files: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    warnings: Counter[str] = field(default_factory=Counter[str])

    def play(self, events: Iterable[AnyEvent]) -> None:
        """Take one episode."""
        history = History()
        recalled, written = set[int](), set[int]()
        for event in events:
            if isinstance(event, Started | Remembered):
                history.apply(event)
            if isinstance(event, Warned):
                self.warnings[event.kind] += 1
            elif isinstance(event, Remembered):
                self._count(event)
                if event.actor == "llm" and event.phase == "plan":
                    recalled.add(event.step)
                elif event.actor == "llm" and event.kind in WRITING_KINDS:
                    written.add(event.step)
        self.recalled += len(recalled)
        self.written += len(written)
        for name, text in history.files().items():
            self._see(name, text)

    def file(self, name: str, operations: Iterable[OperationUse]) -> FileUse:
        """The use of one file."""
        seen = self.files[name]
        own = [one for one in operations if one.file in (name, "*")]
        return FileUse(
            file=name,
            episodes=seen["episodes"],
            lines=seen["lines"] / seen["episodes"],
            bytes=seen["bytes"] / seen["episodes"],
            writes=sum([one.times for one in own if one.kind in WRITING_KINDS]),
            duplicates=sum([one.duplicate for one in own]),
            repeated_lines=seen["repeated"] / max(1, seen["lines"]),
            reads=sum([one.times for one in own if one.kind not in WRITING_KINDS]),
        )

    def _count(self, event: Remembered) -> None:
        key = (event.phase, event.operation, event.kind, event.file, event.actor)
        found = self.times.setdefault(key, Counter())
        found["times"] += 1
        found["hits"] += event.hits
        found["shown"] += len(event.result)
        found[event.outcome] += 1

    def _see(self, name: str, text: str) -> None:
        """A file as it is when its episode ends."""
        seen = self.files.setdefault(name, Counter())
        kept = [line for line in text.splitlines() if line.strip()]
        seen["episodes"] += 1
        seen["lines"] += len(kept)
        seen["bytes"] += len(text.encode())
        seen["repeated"] += sum([times - 1 for times in Counter(kept).values()])


def _operation(key: _Key, found: Counter[str]) -> OperationUse:
    phase, operation, kind, file, actor = key
    outcomes = {outcome: found[outcome] for outcome in _OUTCOMES}
    return OperationUse(
        phase=phase,
        operation=operation,
        kind=kind,
        file=file,
        actor=actor,
        times=found["times"],
        hits=found["hits"],
        shown=found["shown"],
        **outcomes,
    )
