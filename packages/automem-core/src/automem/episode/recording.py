"""Reads back what an interrupted episode left, ready to be played again and gone on with."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from automem.episode.encoding import decode
from automem.episode.texts import TextWindow
from automem.errors import TraceError
from automem.records.trace import AnyEvent


@dataclass(frozen=True, slots=True)
class Recording:
    """The events of an unfinished trace, and the text window after them."""

    events: tuple[AnyEvent, ...]
    window: TextWindow
    bytes: int
    """How much of the file they fill; what follows is torn."""


def read_recording(path: Path) -> Recording:
    """Every whole event at the start of the file; a torn end is owed again, never an error.

    A line that is whole but cannot be read, before the end, raises TraceError: that is damage,
    not an interruption.
    """
    window = TextWindow()
    events: list[AnyEvent] = []
    size = 0
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        if not line.endswith(b"\n"):
            break
        try:
            events.append(decode(line, window))
        except TraceError as error:
            raise TraceError(f"{path}, line {number}: {error}") from error
        size += len(line)
    return Recording(events=tuple(events), window=window, bytes=size)


def cut_torn_end(path: Path, recording: Recording) -> None:
    """Remove what follows the last whole event."""
    if path.exists() and path.stat().st_size > recording.bytes:
        os.truncate(path, recording.bytes)
