"""The player's notes on NetHack: how it writes facts down, and how it reads them from any text.

Each fact is one phrase that means the same wherever it stands. A line of the journal says what one
step added; a line about a level, or about one place of it, says what was known by some step. What
the journal has from later steps counts on top.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from automem_backends.rules.nethack.compass import Cell

Kind = Literal[
    "walked",
    "searched",
    "kicked",
    "blocked",
    "locked",
    "doorway",
    "down",
    "up",
    "goal",
    "closed",
    "trap",
]
"""`blocked` cannot be entered; `doorway` only straight; `goal` is where a boulder belongs;
`closed` is a door better left alone; a `trap` may lie under a thing."""
KINDS: tuple[str, ...] = get_args(Kind)
COUNTED = frozenset({"searched", "kicked"})


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is so at a place of a level."""

    kind: Kind
    cell: Cell
    count: int = 1


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the journal."""

    step: int
    depth: int
    at: Cell
    action: str
    facts: tuple[Fact, ...] = ()
    peaceful: str = ""
    """A creature that turned out to be peaceful."""
    killed: str = ""
    """A creature that fell."""


@dataclass(slots=True)
class Level:
    """What the notes say of one level."""

    places: dict[Cell, dict[str, int]] = field(default_factory=dict[Cell, dict[str, int]])
    """Place -> kind -> count."""

    def add(self, fact: Fact) -> None:
        """Count a fact in."""
        kinds = self.places.setdefault(fact.cell, {})
        before = kinds.get(fact.kind, 0)
        kinds[fact.kind] = before + fact.count if fact.kind in COUNTED else 1

    def count(self, kind: Kind, cell: Cell) -> int:
        """How often a fact is on record for a place."""
        return self.places.get(cell, {}).get(kind, 0)

    def cells(self, kind: Kind) -> set[Cell]:
        """Every place of a kind."""
        return {cell for cell, kinds in self.places.items() if kind in kinds}


@dataclass(slots=True)
class Notes:
    """Everything that the conversation shows of the player's own notes."""

    journal: list[Moment] = field(default_factory=list[Moment])
    """In the order of the steps."""
    levels: dict[int, Level] = field(default_factory=dict[int, Level])
    """By depth; journal and map together."""
    stated: dict[int, Level] = field(default_factory=dict[int, Level])
    """By depth; what the map alone says."""
    prayed: int | None = None
    """The turn of the last prayer."""
    plan: tuple[str, ...] = ()
    """Moves worked out ahead, from the step `planned` on."""
    planned: int = 0

    def level(self, depth: int) -> Level:
        """What is known of a level."""
        return self.levels.get(depth) or Level()


def journal_line(moment: Moment) -> str:
    """One line for one step."""
    x, y = moment.at
    text = f"Step {moment.step}: Dlvl {moment.depth} at {x},{y} after {moment.action or 'nothing'}."
    facts = [fact for fact in moment.facts if fact != Fact("walked", moment.at)]
    if facts:
        text += f" Found {_facts(facts)}."
    if moment.peaceful:
        text += f" Peaceful: {moment.peaceful}."
    if moment.killed:
        text += f" Killed: {moment.killed}."
    return text


def level_query(depth: int) -> str:
    """Words that every line about a level contains, and no line about another."""
    return f"Dlvl {depth} by"


def level_line(depth: int, step: int, level: Level) -> str:
    """All that is known of a level, for a file of lines."""
    return f"{level_query(depth)} step {step}: {_facts(_sorted(level))}."


def place_body(depth: int, step: int, kinds: dict[str, int]) -> str:
    """What is known of one place, for a keyed map."""
    named = [f"{kind} x{count}" if count > 1 else kind for kind, count in sorted(kinds.items())]
    return f"{level_query(depth)} step {step}: {', '.join(named)}"


def place_key(depth: int, cell: Cell) -> str:
    """The key of a place."""
    return f"{depth},{cell[0]},{cell[1]}"


def prayer_line(turn: int) -> str:
    """That the character prayed."""
    return f"Prayed on turn {turn}."


def plan_line(step: int, moves: Iterable[str]) -> str:
    """Moves worked out ahead."""
    return f"Plan from step {step}: {' '.join(moves)}."


def _sorted(level: Level) -> list[Fact]:
    return [
        Fact(cast("Kind", kind), cell, level.places[cell][kind])
        for kind in KINDS
        for cell in sorted(level.places, key=_by_row)
        if kind in level.places[cell]
    ]


def _by_row(cell: Cell) -> Cell:
    return (cell[1], cell[0])


def _facts(facts: Iterable[Fact]) -> str:
    """`walked 40-45,12 47,12; searched 50,10 x15`: places by kind, neighbors in a row together."""
    kinds: dict[str, list[str]] = {}
    last: tuple[str, Cell, int] | None = None
    for fact in facts:
        (x, y), said = fact.cell, kinds.setdefault(fact.kind, [])
        if fact.count > 1:
            said.append(f"{x},{y} x{fact.count}")
            last = None
        elif last and last[0] == fact.kind and last[1] == (x - 1, y):
            said[-1] = f"{last[2]}-{x},{y}"
            last = (fact.kind, (x, y), last[2])
        else:
            said.append(f"{x},{y}")
            last = (fact.kind, (x, y), x)
    return "; ".join(f"{kind} {' '.join(places)}" for kind, places in kinds.items())


_MOMENT = re.compile(
    r"Step (\d+): Dlvl (\d+) at (\d+),(\d+) after ([\w ]+)\."
    r"(?: Found ([^.\n]*)\.)?(?: Peaceful: ([^.\n]*)\.)?"
    r"(?: Killed: ([^.\n]*)\.)?"
)
_LEVEL = re.compile(r"Dlvl (\d+) by step (\d+): ([^.\n]*)\.")
_PLACE = re.compile(
    r"(?<![\d,-])(\d+),(\d+),(\d+) ?[|:=] ?Dlvl \d+ by step (\d+): ([a-z][a-z0-9, ]*)"
)
_KIND = re.compile(rf"\b({'|'.join(KINDS)}) ([^;]*)")
_SPAN = re.compile(r"(\d+)(?:-(\d+))?,(\d+)(?: x(\d+))?")
_PRAYED = re.compile(r"\bPrayed on turn (\d+)\.")
_PLAN = re.compile(r"\bPlan from step (\d+): ([a-z ]*)\.")


def read_notes(text: str) -> Notes:
    """Find every fact in a text; what is written later counts more."""
    notes = Notes(journal=_journal(text))
    counted: dict[tuple[int, Cell | None], int] = {}
    for depth, step, said in _LEVEL.findall(text):
        level = Level()
        for fact in _read_facts(said):
            level.add(fact)
        notes.stated[int(depth)] = level
        counted[int(depth), None] = int(step)
    for depth, x, y, step, said in _PLACE.findall(text):
        cell = (int(x), int(y))
        level = notes.stated.setdefault(int(depth), Level())
        level.places[cell] = _kinds(said)
        counted[int(depth), cell] = int(step)
    for depth, level in notes.stated.items():
        notes.levels[depth] = Level({cell: dict(kinds) for cell, kinds in level.places.items()})
    for moment in notes.journal:
        level = notes.levels.setdefault(moment.depth, Level())
        before = counted.get((moment.depth, None), -1)
        for fact in (Fact("walked", moment.at), *moment.facts):
            if moment.step > max(before, counted.get((moment.depth, fact.cell), -1)):
                level.add(fact)
    turns = _PRAYED.findall(text)
    if turns:
        notes.prayed = max(int(turn) for turn in turns)
    for step, moves in _PLAN.findall(text):
        notes.planned, notes.plan = int(step), tuple(moves.split())
    return notes


def _journal(text: str) -> list[Moment]:
    moments: dict[int, Moment] = {}
    for step, depth, x, y, action, facts, peaceful, killed in _MOMENT.findall(text):
        moments[int(step)] = Moment(
            step=int(step),
            depth=int(depth),
            at=(int(x), int(y)),
            action=action,
            facts=tuple(_read_facts(facts)),
            peaceful=peaceful,
            killed=killed,
        )
    return [moments[step] for step in sorted(moments)]


def _read_facts(text: str) -> list[Fact]:
    facts: list[Fact] = []
    for kind, places in _KIND.findall(text):
        for first, last, y, count in _SPAN.findall(places):
            facts += [
                Fact(kind, (x, int(y)), int(count or 1))
                for x in range(int(first), int(last or first) + 1)
            ]
    return facts


def _kinds(text: str) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for part in text.split(","):
        name, _, count = part.strip().partition(" x")
        if name in KINDS:
            kinds[name] = int(count) if count.isdigit() else 1
    return kinds
