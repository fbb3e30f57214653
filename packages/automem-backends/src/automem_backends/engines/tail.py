"""The part of a log that one process wrote, and what is new in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from automem_backends.engines.failures import last_visible_line

_MOST_BYTES = 1 << 20
"""Of the end of a log, where a cause is looked for."""


@dataclass(slots=True)
class Tail:
    """A log from where it ended when this was made."""

    path: Path
    begin: int
    _told: int = field(init=False)

    def __post_init__(self) -> None:
        self._told = self.begin

    @classmethod
    def at_end(cls, path: Path) -> Tail:
        """Of a log that may not be there yet."""
        return cls(path, path.stat().st_size if path.exists() else 0)

    def text(self) -> str:
        """What was written since, or the end of it."""
        return self._read(self.begin)[1]

    def last_line(self) -> str:
        """The last line written since this was asked before; empty where there is none."""
        self._told, new = self._read(self._told)
        return last_visible_line(new)

    def _read(self, begin: int) -> tuple[int, str]:
        if not self.path.exists():
            return begin, ""
        with self.path.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(max(begin, end - _MOST_BYTES))
            return end, file.read().decode("utf-8", "replace")
