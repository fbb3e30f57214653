"""What earlier recipes of the rules tried, and what came of it, read out of the brief."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from automem.records._struct import Record
from automem_meta.providers.rules.recipes.grid import Point, named_points

SAME = "same-data"
_CHANGE = re.compile(r"\b(?:share(\d(?:\.\d+)?)|same-data)((?: rank\d+-rate[\de.+-]+-epochs\d+)+)")
_VERDICT = re.compile(r"\. (kept|dropped|refused|no proposal): ")
_SCAFFOLD = re.compile(r"\W*revision \d+, attempt \d+(?:, continuation \d+)?:(.*)")
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


def tried_recipes(brief: str) -> list[Tried]:
    """The recipes that lines of the ledger name, oldest first.

    Only those for the scaffold that holds: with each scaffold that is kept the turns are others,
    and all begins again.
    """
    found: dict[str, Tried] = {}
    for line in brief.splitlines():
        if _keeps_scaffold(line):
            found.clear()
        change = _CHANGE.search(line)
        if change is None:
            continue
        tried = found.get(change[0])
        if tried is None:
            share = float(change[1]) if change[1] else None
            tried = Tried(share=share, points=named_points(change[2]))
        said, place = _VERDICT.search(line, change.end()), _PLACE.search(line[: change.start()])
        verdicts = {int(place[1]): said[1]} if said and place else {}
        found[change[0]] = msgspec.structs.replace(tried, verdicts={**tried.verdicts, **verdicts})
    return list(found.values())


def _keeps_scaffold(line: str) -> bool:
    """Whether it is the line of a scaffold that holds from then on."""
    said = _SCAFFOLD.match(line)
    verdict = _VERDICT.search(f".{said[1]}") if said else None
    return verdict is not None and verdict[1] == "kept"
