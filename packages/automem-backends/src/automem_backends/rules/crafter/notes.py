"""The player's notes: how it writes facts down, and how it reads them back from any text.

Each fact is one phrase that means the same wherever it stands, so that it does not matter which
file holds it, what else the file holds, or which operation showed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from automem_backends.rules.crafter.recipes import ACHIEVEMENTS
from automem_backends.rules.crafter.view import Cell

AREA_SIZE = 8
"""Side of the square areas in which exploration is kept."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the journal: where the player was after a step, and what stood around."""

    step: int
    at: Cell
    facing: str
    action: str = ""
    clear: int = 0
    sees: tuple[tuple[str, Cell], ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """Which area exploration makes for, and since when."""

    area: Cell
    since: int
    kind: str
    """What is hoped to be found there."""


@dataclass(slots=True)
class Notes:
    """Everything that the conversation shows of the player's own notes."""

    journal: list[Moment] = field(default_factory=list[Moment])
    """In the order of the steps."""
    done: set[str] = field(default_factory=set[str])
    explored: dict[Cell, str] = field(default_factory=dict[Cell, str])
    """Area -> what its ground mostly is: `grass`, `stone`, `water`, or `out of reach`."""
    heading: Heading | None = None
    landmarks: dict[Cell, str] = field(default_factory=dict[Cell, str])


def area_of(cell: Cell) -> Cell:
    """The area a cell lies in; area 0,0 is centered at the start."""
    half = AREA_SIZE // 2
    return ((cell[0] + half) // AREA_SIZE, (cell[1] + half) // AREA_SIZE)


def _pair(cell: Cell) -> str:
    return f"{cell[0]},{cell[1]}"


def journal_line(moment: Moment) -> str:
    """One line for one step."""
    seen = "; ".join(f"{kind} {_pair(cell)}" for kind, cell in moment.sees)
    return (
        f"Step {moment.step}: at {_pair(moment.at)} facing {moment.facing} after "
        f"{moment.action or 'nothing'}, clear {moment.clear}." + (f" Sees {seen}." if seen else "")
    )


def landmark_body(kind: str, cell: Cell, step: int) -> str:
    """What stands at a place, for a keyed map."""
    return f"{kind} in area {_pair(area_of(cell))}, step {step}"


def landmark_line(kind: str, cell: Cell, step: int) -> str:
    """What stands at a place, with the place, for a file of lines."""
    return f"Step {step}: {kind} at {_pair(cell)} in area {_pair(area_of(cell))}"


def gone_line(kind: str, cell: Cell, step: int) -> str:
    """That a landmark is there no more, for a file of lines."""
    return f"Step {step}: no more {kind} at {_pair(cell)} in area {_pair(area_of(cell))}"


def done_text(done: Iterable[str]) -> str:
    """What was achieved."""
    return f"Done: {', '.join(sorted(done))}."


def explored_text(explored: dict[Cell, str]) -> str:
    """Which areas are known, with their ground."""
    return f"Explored {'; '.join(f'{_pair(area)} {ground}' for area, ground in explored.items())}."


def heading_text(heading: Heading) -> str:
    """Where exploration goes."""
    return (
        f"Heading for area {_pair(heading.area)} since step {heading.since} to find {heading.kind}."
    )


_XY = r"(-?\d+),(-?\d+)"
_MOMENT = re.compile(
    rf"Step (\d+): at {_XY} facing (\w+) after ([\w ]+), clear (\d+)\.(?: Sees ([^.\n]*)\.)?"
)
_SEEN = re.compile(rf"([a-z]+) {_XY}")
_KEYED = re.compile(rf"(?<![\d,-]){_XY} ?[|:=] ?([a-z]+) in area ")
_LINE = re.compile(rf"(no more )?\b([a-z]+) at {_XY} in area ")
_DONE = re.compile(r"\bDone: ([a-z_, ]+)\.")
_EXPLORED = re.compile(r"\bExplored ([^.\n]+)\.")
_GROUND = re.compile(rf"{_XY} (grass|sand|stone|water|out of reach)")
_HEADING = re.compile(rf"\bHeading for area {_XY} since step (\d+) to find (\w+)\.")


def read_notes(text: str) -> Notes:
    """Find every fact in a text; what is written later counts more."""
    notes = Notes(journal=_journal(text), landmarks=_landmarks(text))
    for names in _DONE.findall(text):
        notes.done.update(name for name in names.split(", ") if name in ACHIEVEMENTS)
    for listed in _EXPLORED.findall(text):
        for x, y, ground in _GROUND.findall(listed):
            notes.explored[int(x), int(y)] = ground
    for x, y, since, kind in _HEADING.findall(text):
        notes.heading = Heading((int(x), int(y)), int(since), kind)
    return notes


def _journal(text: str) -> list[Moment]:
    moments: dict[int, Moment] = {}
    for step, x, y, facing, action, clear, seen in _MOMENT.findall(text):
        sees = tuple((kind, (int(a), int(b))) for kind, a, b in _SEEN.findall(seen))
        moments[int(step)] = Moment(int(step), (int(x), int(y)), facing, action, int(clear), sees)
    return [moments[step] for step in sorted(moments)]


def _landmarks(text: str) -> dict[Cell, str]:
    landmarks: dict[Cell, str] = {(int(x), int(y)): kind for x, y, kind in _KEYED.findall(text)}
    for gone, kind, x, y in _LINE.findall(text):
        cell = (int(x), int(y))
        if not gone:
            landmarks[cell] = kind
        elif landmarks.get(cell) == kind:
            del landmarks[cell]
    return landmarks
