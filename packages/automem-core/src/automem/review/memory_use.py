"""How each operation and each file of the memory was used: counts over episodes, for a review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

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
    operations: tuple[OperationUse, ...]
    files: tuple[FileUse, ...]
    warnings: dict[str, int]
    """Kind of a warning -> how often, such as `turn_limit` or `no_action`."""


_OUTCOMES = ("empty", "missing", "duplicate", "refused", "malformed")
_Key = tuple[Phase, str, Kind, str, Actor]


def memory_use(episodes: Iterable[tuple[int, Iterable[AnyEvent]]]) -> MemoryUse:
    """Count `(steps, events)` of each episode; observations and calls are not needed."""
    times: dict[_Key, Counter[str]] = {}
    lines, sizes, repeated, there, warnings = (Counter[str]() for _ in range(5))
    played = steps = 0
    for count, events in episodes:
        played += 1
        steps += count
        history = History()
        for event in events:
            if isinstance(event, Started | Remembered):
                history.apply(event)
            if isinstance(event, Remembered):
                _count(times, event)
            elif isinstance(event, Warned):
                warnings[event.kind] += 1
        for name, text in history.files().items():
            kept = [line for line in text.splitlines() if line.strip()]
            there[name] += 1
            lines[name] += len(kept)
            sizes[name] += len(text.encode())
            repeated[name] += sum(n - 1 for n in Counter(kept).values())
    operations = tuple([_operation(key, found) for key, found in sorted(times.items())])
    files = [
        FileUse(
            file=name,
            episodes=there[name],
            lines=lines[name] / there[name],
            bytes=sizes[name] / there[name],
            writes=_sum(operations, name, writing=True),
            duplicates=sum([o.duplicate for o in operations if o.file == name]),
            repeated_lines=repeated[name] / max(1, lines[name]),
            reads=_sum(operations, name, writing=False),
        )
        for name in sorted(there)
    ]
    return MemoryUse(
        episodes=played,
        steps=steps,
        operations=operations,
        files=tuple(files),
        warnings=dict(sorted(warnings.items())),
    )


def _count(times: dict[_Key, Counter[str]], event: Remembered) -> None:
    key = (event.phase, event.operation, event.kind, event.file, event.actor)
    found = times.setdefault(key, Counter())
    found["times"] += 1
    found["shown"] += len(event.result)
    found[event.outcome] += 1


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
        shown=found["shown"],
        **outcomes,
    )


def _sum(operations: Iterable[OperationUse], file: str, *, writing: bool) -> int:
    return sum(
        one.times
        for one in operations
        if one.file in (file, "*") and (one.kind in WRITING_KINDS) is writing
    )
