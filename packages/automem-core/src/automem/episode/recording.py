"""Reads back what an interrupted episode left, ready to be played again and gone on with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from automem.episode.stream import growing_events
from automem.episode.texts import TextWindow
from automem.errors import ReplayMismatch, TraceError
from automem.records.trace import AnyEvent

_BLOCK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Recording:
    """The events of an unfinished trace, read one by one.

    So an episode that is gone on with takes no more memory than one that begins.
    """

    events: Iterator[AnyEvent]
    """Raises ReplayMismatch at a line that is whole but cannot be read: that is damage."""
    window: TextWindow
    """When all events are read, a writer can go on with it."""


def read_recording(path: Path) -> Recording:
    """What the file holds, a torn end left out; nothing where there is no file."""
    window = TextWindow()
    return Recording(events=_events(path, window), window=window)


def cut_torn_end(path: Path) -> None:
    """Remove what follows the last whole line: it is owed again, and never an error."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = whole = file.seek(0, os.SEEK_END)
        while whole:
            start = max(0, whole - _BLOCK_BYTES)
            file.seek(start)
            end = file.read(whole - start).rfind(b"\n") + 1
            whole = start + end
            if end:
                break
        if whole < size:
            file.truncate(whole)


def _events(path: Path, window: TextWindow) -> Iterator[AnyEvent]:
    try:
        yield from growing_events(path, window)
    except FileNotFoundError:
        return
    except TraceError as error:
        raise ReplayMismatch(f"the recording is damaged: {error}") from error
