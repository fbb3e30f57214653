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
from itertools import repeat
from typing import TypeAlias

StoredText: TypeAlias = str | list[str | list[int]]

SHORTEST = 48
"""Texts and runs of fewer characters are stored as they are."""
WINDOW_LINES = 20_000
"""How many lines of recent texts can be referred to."""
WINDOW_CHARACTERS = 1_500_000
"""The same in characters, so that long lines take no more memory than short ones."""


class TextWindow:
    """The recent texts of one trace; writer and reader move it alike.

    A text that stands whole in the window is one reference and does not join it again: the
    instructions of every prompt cost no more than finding them.
    """

    def __init__(self) -> None:
        self._texts: deque[list[str]] = deque()
        self._first = 0
        """Number of the oldest text in the window."""
        self._lines = 0
        self._characters = 0
        self._whole: dict[str, int] = {}
        """Text -> its number."""
        self._where: dict[str, tuple[int, int]] = {}
        """Line -> number and position of the latest text that holds it, first place in it. What
        left the window stays until there is too much of it."""

    def store(self, text: str) -> StoredText:
        """The stored form of `text`, which joins the window."""
        if len(text) < SHORTEST:
            return text
        known = self._whole.get(text)
        if known is not None:
            return [self._reference(known, 0, len(self._texts[known - self._first]))]
        lines = text.split("\n")
        parts: list[str | list[int]] = []
        position = literal = 0
        while position < len(lines):
            run = self._longest_run(lines, position)
            if run is None:
                position += 1
                continue
            if literal < position:
                parts.append("\n".join(lines[literal:position]))
            parts.append(run)
            position = literal = position + run[2]
        self._add(text, lines)
        if not parts:
            return text
        if literal < position:
            parts.append("\n".join(lines[literal:]))
        return parts

    def read(self, stored: StoredText) -> str:
        """The text behind `stored`, which joins the window. Raises IndexError if there is none."""
        if isinstance(stored, str):
            text = stored
        else:
            text = "\n".join(
                part if isinstance(part, str) else "\n".join(self._referred(part))
                for part in stored
            )
        if len(text) >= SHORTEST and text not in self._whole:
            self._add(text, text.split("\n"))
        return text

    def _longest_run(self, lines: list[str], position: int) -> list[int] | None:
        place = self._where.get(lines[position])
        if place is None or place[0] < self._first:
            return None
        number, first = place
        source = self._texts[number - self._first]
        count = _common(lines, position, source, first)
        if count < SHORTEST and sum(map(len, lines[position : position + count])) < SHORTEST:
            return None
        return self._reference(number, first, count)

    def _reference(self, number: int, first: int, count: int) -> list[int]:
        return [self._first + len(self._texts) - number, first, count]

    def _referred(self, reference: list[int]) -> list[str]:
        back, first, count = reference
        if not 0 < back <= len(self._texts) or count < 1:
            raise IndexError(f"reference to text {back} back, of {len(self._texts)}")
        source = self._texts[len(self._texts) - back]
        if first < 0 or first + count > len(source):
            raise IndexError(f"reference to lines {first}+{count} of {len(source)}")
        return source[first : first + count]

    def _add(self, text: str, lines: list[str]) -> None:
        number = self._first + len(self._texts)
        places = zip(repeat(number), range(len(lines) - 1, -1, -1), strict=False)
        # Backwards, so that the first of equal lines stays.
        self._where.update(zip(reversed(lines), places, strict=False))
        self._whole[text] = number
        self._texts.append(lines)
        self._lines += len(lines)
        self._characters += len(text)
        while len(self._texts) > 1 and (
            self._lines > WINDOW_LINES or self._characters > WINDOW_CHARACTERS
        ):
            self._drop_oldest()
        if len(self._where) > 1_000 + self._lines + self._lines // 2:
            self._where = {
                line: place for line, place in self._where.items() if place[0] >= self._first
            }

    def _drop_oldest(self) -> None:
        oldest = self._texts.popleft()
        text = "\n".join(oldest)
        del self._whole[text]
        self._first += 1
        self._lines -= len(oldest)
        self._characters -= len(text)


def _common(one: list[str], at_one: int, other: list[str], at_other: int) -> int:
    """How many lines are the same from two places on; at least the first is."""
    most = min(len(one) - at_one, len(other) - at_other)
    same, size = 1, 8
    while same < most:
        size = min(size, most - same)
        ours = one[at_one + same : at_one + same + size]
        if ours == other[at_other + same : at_other + same + size]:
            same += size
            size *= 2
        elif size == 1:
            break
        else:
            size //= 2
            most = min(most, same + 2 * size)
    return same
