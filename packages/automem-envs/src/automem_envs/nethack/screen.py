"""What the terminal says: the message above the map, menus over it, the inventory, the status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from automem_envs.nethack.engine import SCREEN_COLUMNS, SCREEN_ROWS

MORE: Final = "--More--"
_OUTSIDE: Final = "\0"
_BLANK: Final = " \x1a"
_END: Final = "(end)"
_OF: Final = " of "


def rows_of(characters: npt.NDArray[np.uint8]) -> list[str]:
    """The 24 rows of the terminal, 80 characters each."""
    text = characters.tobytes().decode("latin-1")
    return [text[i : i + SCREEN_COLUMNS] for i in range(0, len(text), SCREEN_COLUMNS)]


def message(rows: list[str]) -> str:
    """The first row, or the whole page where a menu or a longer text lies over the map.

    A page begins in the column of its first row and ends with `--More--`, `(end)` or `(1 of 2)`;
    the list of the best games, with two blank rows. Its blank lines are left out.
    """
    first = rows[0]
    top, second = _trimmed(first), _trimmed(rows[1])
    if not top and not second:
        return ""
    best_games = "Points" in second or "list!" in second
    screen = "".join(rows)
    if not (best_games or MORE in screen or _END in screen or _OF in screen):
        return top
    lines: list[str] = []
    blank = 0
    for line in _page(screen, first):
        blank = 0 if line else blank + 1
        if line and line != _OUTSIDE:
            lines.append(line)
        elif line:
            lines.append("")
        if _ends_page(line):
            return "\n".join(lines)
        if best_games and blank > 1:
            return "\n".join(lines) + "\n"
    return top


def unbroken(rows: list[str]) -> list[str]:
    """The rows with a `--More--` that runs over the right edge moved to the row it ends in."""
    for above, row in enumerate(rows[1:]):
        for kept in range(1, len(MORE)):
            head, tail = MORE[:kept], MORE[kept:]
            if row.startswith(tail) and rows[above].endswith(head):
                mended = list(rows)
                mended[above] = rows[above][:-kept] + " " * kept
                mended[above + 1] = MORE + row[len(tail) :]
                return mended
    return rows


def shows_menu(rows: list[str]) -> bool:
    """Whether a menu waits for letters and a confirmation."""
    return any(_ends_page(row) and MORE not in row for row in rows)


def _page(screen: str, first: str) -> Iterator[str]:
    """The rows of a page from its column on.

    Where the first row is blank, upstream takes its column for -1: every row then begins with
    the last character of the row before, and the first one with a byte from outside the screen.
    """
    indent = len(first) - len(first.lstrip(" "))
    if indent == SCREEN_COLUMNS:
        screen, indent = _OUTSIDE + screen, 0
        width = SCREEN_COLUMNS + 1
    else:
        width = SCREEN_COLUMNS - indent
    for start in range(indent, SCREEN_ROWS * SCREEN_COLUMNS, SCREEN_COLUMNS):
        yield _trimmed(screen[start : start + width])


def map_text(rows: list[str]) -> str:
    """Rows 1 to 23: the map and two lines of status, trailing blanks kept."""
    return "\n".join(rows[1:SCREEN_ROWS]) + "\n"


def inventory(letters: npt.NDArray[np.uint8], descriptions: npt.NDArray[np.uint8]) -> str:
    """One line for each thing that is carried: `a: a +0 axe`."""
    lines: list[str] = []
    for letter, description in zip(letters.tobytes(), descriptions, strict=True):
        if letter == 0:
            break
        told = description.tobytes().split(b"\0", 1)[0].decode("latin-1")
        lines.append(f"{chr(letter)}: {told}")
    return "\n".join(lines)


def _trimmed(row: str) -> str:
    """Without blanks at both ends; a single character in the last column is lost, as upstream."""
    started = row.lstrip(_BLANK)
    return "" if len(started) == 1 else started.rstrip(_BLANK)


def _ends_page(line: str) -> bool:
    if MORE in line or _END in line:
        return True
    at = line.find(_OF)
    return at >= 2 and line[at - 2] == "(" and line[at + 5 : at + 6] == ")"
