"""The transcript of a review: one JSON line for each thing said, asked and answered."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from automem.errors import RunError
from automem.records.review import AnyReviewEvent

_DECODER = msgspec.json.Decoder(AnyReviewEvent)


@dataclass(slots=True)
class Transcript:
    """An append-only file, and what it holds."""

    path: Path
    events: list[AnyReviewEvent] = field(default_factory=list[AnyReviewEvent])

    def append(self, event: AnyReviewEvent) -> None:
        """Write an event down; it is with the operating system when this returns.

        Raises RunError where that cannot be done; the file is then as it was.
        """
        line = msgspec.json.encode(event) + b"\n"
        size = self.path.stat().st_size if self.path.exists() else 0
        try:
            with self.path.open("ab") as file:
                file.write(line)
        except OSError as error:
            # Whoever goes on in spite of it would write behind half a line.
            with suppress(OSError):
                os.truncate(self.path, size)
            raise RunError(
                f"cannot write {self.path}: {error.strerror or error}; make room, and the same "
                "command goes on where this stopped"
            ) from error
        self.events.append(event)


def open_transcript(path: Path) -> Transcript:
    """Read what is there; a torn last line is cut off, what it said is owed again.

    Raises RunError where the file is damaged before its end.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = path.read_bytes() if path.exists() else b""
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)
    events: list[AnyReviewEvent] = []
    for number, line in enumerate(content[:whole].splitlines(), start=1):
        try:
            events.append(_DECODER.decode(line))
        except msgspec.MsgspecError as error:
            raise RunError(
                f"{path}, line {number}: {error}; move the review's folder away, and the same "
                "command begins it anew"
            ) from error
    return Transcript(path, events)
