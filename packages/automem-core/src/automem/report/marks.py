"""What of an episode is worth jumping to, in one pass over its trace."""

from __future__ import annotations

from automem.episode.reader import TraceReader
from automem.records._struct import Record
from automem.records.memory import READING_KINDS
from automem.records.trace import Acted, Remembered


class Marks(Record):
    """Places on the time line of one episode; all are step numbers."""

    steps: int
    """How many steps there are: the number of observations."""
    events: tuple[tuple[int, str], ...]
    """When something happened for the first time, and what."""
    progression: tuple[tuple[int, float], ...]
    """Where the progression became another, and which; 0..1."""
    writes: tuple[int, ...]
    """Where a memory file changed."""
    retrievals: tuple[int, ...]
    """Where memory was read or searched."""


def marks_of(reader: TraceReader) -> Marks:
    """The marks of a trace."""
    reached = 0.0
    happened: list[tuple[int, str]] = []
    progression: list[tuple[int, float]] = []
    writes: dict[int, None] = {}
    retrievals: dict[int, None] = {}
    for event in reader.deeds():
        match event:
            case Acted():
                happened += [(event.step, name) for name in event.events]
                if event.progression != reached:
                    reached = event.progression
                    progression.append((event.step, reached))
            case Remembered():
                if event.edit is not None:
                    writes[event.step] = None
                elif event.kind in READING_KINDS:
                    retrievals[event.step] = None
            case _:
                pass
    return Marks(
        steps=reader.count,
        events=tuple(happened),
        progression=tuple(progression),
        writes=tuple(writes),
        retrievals=tuple(retrievals),
    )
