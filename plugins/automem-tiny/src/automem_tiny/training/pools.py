"""Lessons as flat arrays of tokens, made once and kept beside the lessons."""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from automem_tiny.training.lessons import Encoder, example

HELD_OUT: Final = 50
"""Of so many seeds of a teacher's the lessons of one are never trained on."""
CORRECTED: Final = 0.55
"""The share of lessons in which the model itself played, where there are any."""
PHASES: Final = ("plan", "log")
_FORM: Final = "1"
"""Of the arrays on disk; another one makes them anew."""
TABLE: Final = np.dtype(
    [
        ("begin", np.int64),
        ("end", np.int64),
        ("shared", np.int32),
        ("weight", np.float64),
        ("seed", np.int64),
        ("phase", np.int8),
        ("last", np.bool_),
        ("movable", np.bool_),
    ]
)
"""Of each lesson: where its tokens lie, how many of them are its system message, and its fields."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """Lessons of one file."""

    tokens: NDArray[np.uint16]
    kinds: NDArray[np.uint8]
    """What each token is: bits of `lessons.Kind`."""
    table: NDArray[np.void]


def tokens_of(path: Path, encoder: Encoder) -> Lessons:
    """The tokens of a file of lessons, from disk if they were made before."""
    digest = hashlib.sha256(_FORM.encode() + encoder.digest + file_digest(path))
    folder = path.with_name(f"{path.name}.{digest.hexdigest()[:12]}.tokens")
    if not folder.exists():
        part = folder.with_suffix(f".{os.getpid()}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        for name, array in _made(path, encoder).items():
            np.save(part / f"{name}.npy", array)
        part.rename(folder)
    loaded = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _PARTS}
    return Lessons(loaded["tokens"], loaded["kinds"], np.array(loaded["table"]))


_PARTS: Final = ("tokens", "kinds", "table")


def file_digest(path: Path) -> bytes:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _made(path: Path, encoder: Encoder) -> dict[str, NDArray[np.generic]]:
    tokens: list[NDArray[np.uint16]] = []
    kinds: list[NDArray[np.uint8]] = []
    rows: list[tuple[int | float | bool, ...]] = []
    begin = 0
    with path.open("rb") as stream:
        for line in stream:
            lesson = json.loads(line)
            last = lesson.get("last", False)
            made = example(lesson["messages"], encoder, last=last)
            end = begin + len(made.tokens)
            phase = PHASES.index(lesson.get("phase", "plan"))
            weight, seed = lesson.get("weight", 1.0), lesson.get("seed", 0)
            rows.append((begin, end, made.shared, weight, seed, phase, last, made.movable))
            begin = end
            tokens.append(np.array(made.tokens, np.uint16))
            kinds.append(np.array(made.kinds, np.uint8))
    if not rows:
        raise ValueError(f"{path} holds no lessons")
    whole = (np.concatenate(tokens), np.concatenate(kinds), np.array(rows, TABLE))
    return dict(zip(_PARTS, whole, strict=True))


@dataclass(frozen=True, slots=True)
class Drawn:
    """One lesson."""

    lessons: Lessons
    row: int

    @property
    def tokens(self) -> NDArray[np.uint16]:
        """A copy of its tokens."""
        own = self.lessons.table[self.row]
        return np.array(self.lessons.tokens[own["begin"] : own["end"]])

    @property
    def kinds(self) -> NDArray[np.uint8]:
        """What they are."""
        own = self.lessons.table[self.row]
        return self.lessons.kinds[own["begin"] : own["end"]]

    @property
    def length(self) -> int:
        """How many they are."""
        own = self.lessons.table[self.row]
        return int(own["end"] - own["begin"])

    @property
    def shared(self) -> int:
        """How many of them are the system message."""
        return int(self.lessons.table[self.row]["shared"])

    @property
    def movable(self) -> bool:
        """Whether all its coordinates are of one token each."""
        return bool(self.lessons.table[self.row]["movable"])

    @property
    def phase(self) -> str:
        """LOG or PLAN."""
        return PHASES[self.lessons.table[self.row]["phase"]]


class Pools:
    """Lessons to draw from, and those that are held out."""

    def __init__(self, all_lessons: Iterable[Lessons]) -> None:
        self._all = tuple(all_lessons)
        self._teacher = _Pool(self._all, last=False)
        self._corrected = _Pool(self._all, last=True)
        if not len(self._teacher.where):
            raise ValueError(f"no lesson of a teacher that is not held out (seed % {HELD_OUT})")

    def draw(self, luck: Random, *, natural: bool) -> Drawn:
        """One lesson, by weight or, where that is natural, any."""
        corrected = len(self._corrected.where) > 0 and luck.random() < CORRECTED
        number, row = (self._corrected if corrected else self._teacher).draw(luck, natural=natural)
        return Drawn(self._all[number], row)

    def held_out(self, most: int) -> Iterator[Drawn]:
        """Of each phase at most so many lessons that are never drawn."""
        luck = Random("held out")  # noqa: S311 - games, not secrets
        for phase in range(len(PHASES)):
            found = [
                Drawn(lessons, int(row))
                for lessons in self._all
                for row in np.nonzero(held(lessons.table) & (lessons.table["phase"] == phase))[0]
            ]
            yield from luck.sample(found, min(most, len(found)))


def held(table: NDArray[np.void]) -> NDArray[np.bool_]:
    """Which lessons are held out: a teacher's alone, so that they are the same in every round."""
    return (table["seed"] % HELD_OUT == 0) & ~table["last"]


class _Pool:
    """Numbers of lessons, and the sums of their weights."""

    def __init__(self, all_lessons: tuple[Lessons, ...], *, last: bool) -> None:
        where = [np.zeros((0, 2), np.int64)]
        weights = [np.zeros(0)]
        for number, lessons in enumerate(all_lessons):
            rows = np.nonzero((lessons.table["last"] == last) & ~held(lessons.table))[0]
            where.append(np.stack([np.full(len(rows), number), rows], 1))
            weights.append(lessons.table["weight"][rows])
        self.where = np.concatenate(where)
        self._sums = np.concatenate(weights).cumsum()

    def draw(self, luck: Random, *, natural: bool) -> tuple[int, int]:
        if natural:
            index = luck.randrange(len(self.where))
        else:
            index = int(np.searchsorted(self._sums, luck.random() * self._sums[-1], "right"))
        number, row = self.where[min(index, len(self.where) - 1)]
        return int(number), int(row)
