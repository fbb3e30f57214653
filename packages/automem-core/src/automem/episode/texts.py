"""Keeps a trace linear in the episode: a text is stored as what differs from recent texts.

Prompts repeat: the same instructions at every call, a memory file read again and again with one
line more. Stored whole, a trace would grow with the size of the memory times the steps. Here a
run of lines that stands in one of the recent texts is stored as a reference to it, as in LZ77,
with lines for bytes. Nothing has to be known about scaffolds, and what is read back is exact.

A stored text is a string, or a list of parts to be joined by newlines: a string, or
`[back, first, count]`: lines of the text that was seen `back` texts ago.
"""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

StoredText: TypeAlias = str | list[str | list[int]]

SHORTEST = 48
"""Texts and runs of fewer characters are stored as they are."""
WINDOW_LINES = 20_000
"""How many lines of recent texts can be referred to."""


class TextWindow:
    """The recent texts of one trace; writer and reader move it alike."""

    def __init__(self) -> None:
        self._texts: deque[list[str]] = deque()
        self._first = 0
        """Number of the oldest text in the window."""
        self._lines = 0
        self._where: dict[str, tuple[int, int]] = {}
        """Line -> number and position of the latest text that holds it, first place in it."""

    def store(self, text: str) -> StoredText:
        """The stored form of `text`, which joins the window."""
        if len(text) < SHORTEST:
            return text
        lines = text.split("\n")
        parts: list[str | list[int]] = []
        literal: list[str] = []
        position = 0
        while position < len(lines):
            reference = self._longest_run(lines, position)
            if reference is None:
                literal.append(lines[position])
                position += 1
                continue
            if literal:
                parts.append("\n".join(literal))
                literal = []
            parts.append(reference)
            position += reference[2]
        if literal:
            parts.append("\n".join(literal))
        self._add(lines)
        return text if all(isinstance(part, str) for part in parts) else parts

    def read(self, stored: StoredText) -> str:
        """The text behind `stored`, which joins the window. Raises IndexError if there is none."""
        if isinstance(stored, str):
            text = stored
        else:
            text = "\n".join(
                part if isinstance(part, str) else self._lines_of(part) for part in stored
            )
        if len(text) >= SHORTEST:
            self._add(text.split("\n"))
        return text

    def _longest_run(self, lines: list[str], position: int) -> list[int] | None:
        place = self._where.get(lines[position])
        if place is None:
            return None
        number, first = place
        source = self._texts[number - self._first]
        count = 0
        size = 0
        while (
            position + count < len(lines)
            and first + count < len(source)
            and lines[position + count] == source[first + count]
        ):
            size += len(lines[position + count]) + 1
            count += 1
        if size < SHORTEST:
            return None
        return [self._first + len(self._texts) - number, first, count]

    def _lines_of(self, reference: list[int]) -> str:
        back, first, count = reference
        if not 0 < back <= len(self._texts) or count < 1:
            raise IndexError(f"reference to text {back} back, of {len(self._texts)}")
        source = self._texts[len(self._texts) - back]
        if first < 0 or first + count > len(source):
            raise IndexError(f"reference to lines {first}+{count} of {len(source)}")
        return "\n".join(source[first : first + count])

    def _add(self, lines: list[str]) -> None:
        number = self._first + len(self._texts)
        for position, line in enumerate(lines):
            known = self._where.get(line)
            if known is None or known[0] != number:
                self._where[line] = (number, position)
        self._texts.append(lines)
        self._lines += len(lines)
        while self._lines > WINDOW_LINES and len(self._texts) > 1:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        oldest = self._texts.popleft()
        for line in oldest:
            known = self._where.get(line)
            if known is not None and known[0] == self._first:
                del self._where[line]
        self._first += 1
        self._lines -= len(oldest)
