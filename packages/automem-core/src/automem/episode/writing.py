"""Appends events to a trace, each on disk before the next thing happens."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from automem.episode.encoding import encode
from automem.episode.texts import TextWindow
from automem.errors import TraceError
from automem.records.trace import AnyEvent


@dataclass(slots=True)
class TraceWriter:
    """An open trace file.

    Every event is handed to the operating system at once, so that killing the process loses at
    most the answers of the calls that were in flight.
    """

    path: Path
    window: TextWindow = field(default_factory=TextWindow)
    _descriptor: int = -1

    def __enter__(self) -> TraceWriter:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
        self._descriptor = -1

    def write(self, event: AnyEvent) -> None:
        """Append one event. Raises TraceError when the disk does not take it."""
        line = encode(event, self.window) + b"\n"
        try:
            written = os.write(self._descriptor, line)
        except OSError as error:
            raise TraceError(
                f"cannot write {self.path}: {error.strerror}; make room and run the same command "
                "again, it goes on where this stopped"
            ) from error
        if written != len(line):
            raise TraceError(
                f"cannot write {self.path}: the disk is full; make room and run the same command "
                "again, it goes on where this stopped"
            )
