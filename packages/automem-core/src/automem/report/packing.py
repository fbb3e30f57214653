"""Packs the texts of some steps for the page: lines are sent once, texts are ranges of them.

Prompts repeat, from step to step and from call to call. A text becomes pairs `first, count` into
one list of lines, which a browser puts together in a line of code and without any state.
"""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

Ranges: TypeAlias = list[int]
"""`first, count, first, count, ...`: lines of the list, to be joined by newlines."""


@dataclass(slots=True)
class LineTable:
    """The lines of the texts packed so far, each new one once."""

    lines: list[str] = field(default_factory=list[str])
    _where: dict[str, int] = field(default_factory=dict[str, int])
    """Line -> its latest place."""
    _texts: dict[str, Ranges] = field(default_factory=dict[str, Ranges])

    def pack(self, text: str) -> Ranges:
        """The ranges whose lines are the text; its new lines join the table."""
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = self.pack_lines(text.split("\n"))
        return known

    def pack_lines(self, lines: list[str]) -> Ranges:
        """As `pack`, for a text that is lines already; none at all is an empty list."""
        ranges: Ranges = []
        position = 0
        while position < len(lines):
            first = self._where.get(lines[position])
            if first is None:
                first = len(self.lines)
                while position < len(lines) and lines[position] not in self._where:
                    self._where[lines[position]] = len(self.lines)
                    self.lines.append(lines[position])
                    position += 1
                count = len(self.lines) - first
            else:
                count = self._same(lines, position, first)
                position += count
            ranges += (first, count)
        return ranges

    def _same(self, lines: list[str], position: int, first: int) -> int:
        count = 1
        most = min(len(lines) - position, len(self.lines) - first)
        while count < most and lines[position + count] == self.lines[first + count]:
            count += 1
        return count


def unpack(lines: list[str], ranges: Ranges) -> str:
    """The text behind ranges; what the page does in the browser."""
    pairs = zip(ranges[::2], ranges[1::2], strict=True)
    return "\n".join(line for first, count in pairs for line in lines[first : first + count])


def compressed(data: bytes) -> bytes:
    """As browsers unpack it themselves; the same bytes for the same data."""
    return gzip.compress(data, compresslevel=9, mtime=0)


def packed(value: Any) -> str:
    """A record as base64 of compressed JSON: text that no HTML parser takes for anything else."""
    return base64.b64encode(compressed(msgspec.json.encode(value))).decode("ascii")
