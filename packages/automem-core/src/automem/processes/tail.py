"""The part of a log that one process wrote, and what is new in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from automem.secrets import redact

_LAST_LINES = 8
_LONGEST_LINE = 300
_ERROR = re.compile(r"\w(Error|Exception):\s|\berror:\s")
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


def last_lines(log: str) -> str:
    """The last errors of a log and its end, indented, on lines of their own."""
    lines = [line for line in visible_lines(log) if line]
    errors = [number for number, line in enumerate(lines) if _ERROR.search(line)]
    # What a program says at its very end is often the noise of its parts being taken down.
    shown = sorted({*errors[-_LAST_LINES // 2 :], *range(len(lines))[-_LAST_LINES // 2 :]})
    return "".join(f"\n  {lines[number]}" for number in shown)


def visible_lines(log: str) -> list[str]:
    """Its lines as a terminal leaves them: a progress bar has only its last state."""
    return [_visible(line) for line in log.split("\n")]


def last_visible_line(log: str) -> str:
    """The last of these that is not empty; empty where there is none."""
    return next((said for line in reversed(log.split("\n")) if (said := _visible(line))), "")


def _visible(line: str) -> str:
    return redact(plain(line)[: 2 * _LONGEST_LINE])[:_LONGEST_LINE]


def plain(line: str) -> str:
    """Without colors, and of what was written over only what is left."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line).rstrip("\r").rpartition("\r")[2].strip()
