"""`progress.jsonl` while a worker writes it: lines that are half written are waited for."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from automem.records.training import TrainingStep

_MOST_BYTES = 1 << 22
"""That are read at once; the rest follows with the next look."""


@dataclass(slots=True)
class Following:
    """Reads what is new, and begins anew where the worker has cut lines off.

    A worker that goes on from a checkpoint puts a shorter file in the place of the one before.
    Only a step that follows the one before it counts; what else is there is no step.
    """

    path: Path
    steps: list[TrainingStep]
    """Is filled; the display reads it."""
    _file: int = field(default=0, init=False)
    """The inode that was read from."""
    _read: int = field(default=0, init=False)
    _decoder: msgspec.json.Decoder[TrainingStep] = field(
        default_factory=lambda: msgspec.json.Decoder(TrainingStep), init=False
    )

    def look(self) -> bool:
        """Read the lines that are whole by now; whether anything was new."""
        try:
            with self.path.open("rb") as file:
                raw = self._new(file.fileno())
        except FileNotFoundError:
            return False
        whole = raw[: raw.rfind(b"\n") + 1]
        if not whole and len(raw) == _MOST_BYTES:
            whole = raw  # no line of ours is so long
        self._read += len(whole)
        for line in whole.split(b"\n")[:-1]:
            self._add(line)
        return bool(whole)

    def _new(self, handle: int) -> bytes:
        now = os.fstat(handle)
        if now.st_ino != self._file or now.st_size < self._read:
            self._file, self._read = now.st_ino, 0
            self.steps.clear()
        return os.pread(handle, _MOST_BYTES, self._read)

    def _add(self, line: bytes) -> None:
        try:
            step = self._decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return
        if step.step == (self.steps[-1].step if self.steps else 0) + 1:
            self.steps.append(step)
