"""One level out of a folder of Boxoban levels, read alone.

A file holds up to a thousand levels: `; N`, ten rows of ten characters, a blank line. Every level
takes as many bytes as its number has digits more than any other, so where it begins is known.
"""

from __future__ import annotations

import os
import random
from bisect import bisect_right
from pathlib import Path
from typing import Final, NamedTuple

from automem.errors import EnvironmentFailure
from automem.home import expanded, home
from automem_envs.minihack.levels import boxoban_level

SIDE: Final = 10
_ROWS_BYTES: Final = SIDE * (SIDE + 1)
_BLANK_LINE: Final = len("\n")
"""May be missing at the end of a file."""
_AROUND_BYTES: Final = len("; \n") + len("\n")
_FORM: Final = "each level should be '; N', ten rows of ten characters and a blank line"
_REMEDY: Final = (
    'run: automem setup boxoban; or name a folder you have, with boxoban_folder = "..." in '
    "[environment]"
)


class LevelFile(NamedTuple):
    """One file, and how many levels it holds."""

    name: str
    levels: int


class LevelSet:
    """The levels of one difficulty, in sorted order of their files."""

    def __init__(self, folder: str | None, difficulty: str) -> None:
        root = expanded(folder).absolute() if folder else home() / "data" / "boxoban"
        at = root / difficulty
        at = at / "train" if (at / "train").is_dir() else at
        if not at.is_dir():
            raise EnvironmentFailure(f"there are no Boxoban levels in {at}; {_REMEDY}")
        with os.scandir(at) as entries:
            files = [e for e in entries if e.name.endswith(".txt") and e.is_file()]
        found = sorted((entry.name, entry.stat().st_size) for entry in files)
        held = {size: _levels(size) for size in {size for _, size in found}}
        # The seed chooses among all levels, so one that is cut off would make others of them.
        for name, size in found:
            if _start(held[size]) - size not in {0, _BLANK_LINE}:
                raise EnvironmentFailure(
                    f"{at / name} ends in the middle of a level; {_FORM}; {_REMEDY}"
                )
        self.folder = at
        self.files = tuple(LevelFile(name, held[size]) for name, size in found)
        self.count = sum(file.levels for file in self.files)
        if self.count == 0:
            raise EnvironmentFailure(f"the files in {at} hold no Boxoban level; {_REMEDY}")

    def level(self, number: int) -> str:
        """The rows of one level, counted from 0 over all files. Raises EnvironmentFailure."""
        before = 0
        for name, levels in self.files:
            if number < before + levels:
                return _read(self.folder / name, number - before)
            before += levels
        raise EnvironmentFailure(f"there are {self.count} Boxoban levels, and no level {number}")

    def description(self, seed: int) -> str:
        """The level a seed chooses, for NetHack's level compiler."""
        number = random.Random(seed).randrange(self.count)  # noqa: S311 - the benchmark's choice
        return boxoban_level(self.level(number).splitlines())


def _start(number: int) -> int:
    """Where level `number` of a file begins."""
    digits = sum(number - 10**power for power in range(1, len(str(number))))
    return number * (_AROUND_BYTES + 1 + _ROWS_BYTES) + digits


def _levels(size: int) -> int:
    """How many levels a file of so many bytes holds, were it not cut off."""
    most = size // (_AROUND_BYTES + 1 + _ROWS_BYTES) + 1
    return bisect_right(range(most), size + _BLANK_LINE, key=_start) - 1


def _read(path: Path, number: int) -> str:
    start = _start(number)
    try:
        with path.open("rb") as file:
            file.seek(start)
            record = file.read(_start(number + 1) - start)
    except OSError as error:
        raise EnvironmentFailure(f"{path} cannot be read: {error.strerror}; {_REMEDY}") from error
    head, _, rows = record.decode("ascii", "replace").partition("\n")
    if head != f"; {number}" or len(rows) - _ROWS_BYTES not in {0, _BLANK_LINE}:
        raise EnvironmentFailure(
            f"{path} has no level '{number}' at byte {start}; {_FORM}; {_REMEDY}"
        )
    return rows.rstrip("\n")
