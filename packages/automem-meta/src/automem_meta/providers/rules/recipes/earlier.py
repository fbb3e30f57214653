"""What earlier recipes of the rules tried, and what came of it, read out of brief and reports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from automem.records._struct import Record
from automem_meta.providers.rules.recipes.grid import Point, named_points

SAME = "same-data"
_CHANGE = re.compile(r"\b(?:share(\d(?:\.\d+)?)|same-data)((?: rank\d+-rate[\de.+-]+-epochs\d+)+)")
_VERDICT = re.compile(r"\. (kept|dropped|refused|no proposal): ")
_PLACE = re.compile(r"\bconfiguration (\d+)")


class Tried(Record):
    """One recipe."""

    share: float | None
    """Of the episodes of each evaluation; None where it used earlier data again."""
    points: tuple[Point, ...]
    verdicts: dict[int, str] = msgspec.field(default_factory=dict[int, str])
    """Place of a configuration from 1 -> verdict, of those that have one."""

    @property
    def kept(self) -> Point | None:
        """The first of its points that was kept."""
        for place, point in enumerate(self.points, start=1):
            if self.verdicts.get(place) == "kept":
                return point
        return None

    @property
    def speaks_against_its_data(self) -> bool:
        """Whether it was played, and nothing of it was kept."""
        said = self.verdicts.values()
        return "dropped" in said and "kept" not in said


def change_line(share: float | None, points: Iterable[Point]) -> str:
    """What a recipe tries, in the words that `tried_recipes` reads."""
    data = SAME if share is None else f"share{share:g}"
    return " ".join([data, *[point.name for point in points]])


def tried_recipes(brief: str, methods: Iterable[str]) -> list[Tried]:
    """The recipes that reports (oldest first) or lines of the ledger name, without repetition."""
    found: dict[str, tuple[float | None, tuple[Point, ...]]] = {}
    verdicts: dict[str, dict[int, str]] = {}
    for method in methods:
        for change, share, points, _ in _changes(method.partition("\n")[0]):
            found.setdefault(change, (share, points))
    for line in brief.splitlines():
        for change, share, points, at in _changes(line):
            found.setdefault(change, (share, points))
            said = _VERDICT.search(line, at + len(change))
            place = _PLACE.search(line[:at])
            if said is not None:
                verdicts.setdefault(change, {})[int(place[1]) if place else 1] = said[1]
    return [
        Tried(share=share, points=points, verdicts=verdicts.get(change, {}))
        for change, (share, points) in found.items()
    ]


def _changes(line: str) -> Iterator[tuple[str, float | None, tuple[Point, ...], int]]:
    """The first change that a line names: its words, what they say, and where they begin."""
    said = _CHANGE.search(line)
    if said is not None:
        share = float(said[1]) if said[1] else None
        yield said[0], share, named_points(said[2]), said.start()
