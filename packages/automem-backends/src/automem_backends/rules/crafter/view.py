"""One observation and status of Crafter, parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from automem_backends.rules.crafter.recipes import CREATURES, WALKABLE

Cell = tuple[int, int]

DIRECTIONS: dict[str, Cell] = {"west": (-1, 0), "north": (0, -1), "south": (0, 1), "east": (1, 0)}
"""In the order in which the game looks for the nearest of equals."""
MOVES = {name: f"Move {name.capitalize()}" for name in DIRECTIONS}
VIEW_X, VIEW_Y = 4, 3

_BLOCK = re.compile(r"You see(?::| nothing).*?You face ([^\n]*?) at your front", re.DOTALL)
_THING = re.compile(r"^- ([a-z-]+) (\d+) steps? to your ([a-z-]+)", re.MULTILINE)
_VITAL = re.compile(r"^- (health|food|drink|energy): (\d+)", re.MULTILINE)
_ITEM = re.compile(r"^- ([a-z_ ]+): (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class View:
    """What is seen: of each kind the nearest, as (steps, sign of x, sign of y)."""

    things: dict[str, tuple[int, int, int]]
    front: str
    sleeping: bool = False

    def at(self, kind: str) -> list[Cell]:
        """The cells, relative to the player, at which the nearest of a kind may be."""
        if kind not in self.things:
            return []
        steps, sign_x, sign_y = self.things[kind]
        if not sign_x or not sign_y:
            return [(sign_x * steps, sign_y * steps)]
        return [
            (sign_x * x, sign_y * (steps - x))
            for x in range(max(1, steps - VIEW_Y), min(VIEW_X, steps - 1) + 1)
        ]

    def steps(self, kind: str) -> int:
        """How far the nearest of a kind is; 99 where none is seen."""
        return self.things[kind][0] if kind in self.things else 99

    @cached_property
    def clear(self) -> int:
        """No obstacle stands within this many steps."""
        blocking = [thing[0] for kind, thing in self.things.items() if kind not in WALKABLE]
        return min([*blocking, 8]) - 1

    def exact(self) -> Iterator[tuple[str, Cell]]:
        """Every thing whose cell is certain."""
        for kind in self.things:
            cells = self.at(kind)
            if len(cells) == 1:
                yield kind, cells[0]

    def possible(self, direction: str) -> set[str]:
        """What the neighboring cell in a direction may be, by what is nearest of each kind."""
        order = list(DIRECTIONS)
        kinds: set[str] = set()
        for kind in self.things:
            cells = self.at(kind)
            if self.things[kind][0] == 1:
                seen_at = next(name for name, cell in DIRECTIONS.items() if cell == cells[0])
                if seen_at == direction:
                    return {kind}
                if order.index(direction) > order.index(seen_at):
                    kinds.add(kind)
        return kinds

    @property
    def static(self) -> dict[str, tuple[int, int, int]]:
        """The things that do not move by themselves."""
        return {kind: thing for kind, thing in self.things.items() if kind not in CREATURES}


@dataclass(frozen=True, slots=True)
class Status:
    """Vitals and inventory."""

    health: int
    food: int
    drink: int
    energy: int
    items: dict[str, int]

    def has(self, item: str, count: int = 1) -> bool:
        """Whether at least `count` of an item is carried."""
        return self.items.get(item, 0) >= count


@dataclass(frozen=True, slots=True)
class Scene:
    """What a prompt shows of the game: now, and before the last action."""

    now: View
    status: Status
    before: View | None
    before_status: Status | None
    action: str
    """The last action; empty if none is named."""
    achieved: tuple[str, ...]
    """What the last action achieved for the first time."""


def sees_crafter(text: str) -> bool:
    """Whether a prompt shows an observation of Crafter."""
    return _BLOCK.search(text) is not None


def read_scene(text: str) -> Scene | None:
    """Find the observations of a prompt; the last one is the present. None without any."""
    blocks = list(_BLOCK.finditer(text))
    if not blocks:
        return None
    views = [_view(text, block) for block in blocks[-2:]]
    statuses = [_status(part) for part in text.split("Your status:")[1:]][-2:]
    if not statuses:
        statuses = [Status(9, 9, 9, 9, {})]
    return Scene(
        now=views[-1],
        status=statuses[-1],
        before=views[0] if len(views) > 1 else None,
        before_status=statuses[0] if len(statuses) > 1 else None,
        action=_action(text),
        achieved=_achieved(text),
    )


def _view(text: str, block: re.Match[str]) -> View:
    before = text[max(0, block.start() - 120) : block.start()]
    sleeping = "You are sleeping" in before.rsplit("##", 1)[-1]
    return _parse_view(block.group(0), block.group(1), sleeping)


@lru_cache(maxsize=256)
def _parse_view(text: str, front: str, sleeping: bool) -> View:  # noqa: FBT001
    things: dict[str, tuple[int, int, int]] = {}
    for kind, steps, where in _THING.findall(text):
        sign_x = ("east" in where) - ("west" in where)
        sign_y = ("south" in where) - ("north" in where)
        things[kind] = (int(steps), sign_x, sign_y)
    return View(things, front.strip(), sleeping)


def _status(text: str) -> Status:
    vitals = {"health": 9, "food": 9, "drink": 9, "energy": 9}
    vitals.update((name, int(value)) for name, value in _VITAL.findall(text))
    items: dict[str, int] = {}
    if "Your inventory:" in text:
        listed = text.split("Your inventory:", 1)[1].lstrip("\n").split("\n\n", 1)[0]
        items = {
            name.strip().replace(" ", "_"): int(count) for name, count in _ITEM.findall(listed)
        }
    return Status(items=items, **vitals)


_LAST_ACTION = re.compile(
    r"\baction\b[^\n]*?(?:\n|:)\s*[`'\"]?"
    r"(Noop|Move (?:West|East|North|South)|Do|Sleep|Place (?:Stone|Table|Furnace|Plant)"
    r"|Make (?:Wood|Stone|Iron) (?:Pickaxe|Sword))\b",
    re.IGNORECASE,
)
_EVENTS = re.compile(
    r"^[^\n]*(?:first time|achiev|event|unlock)[^\n:]*: *([a-z_, ]+)$", re.MULTILINE
)


def _action(text: str) -> str:
    found = _LAST_ACTION.findall(text)
    return found[-1].title() if found else ""


def _achieved(text: str) -> tuple[str, ...]:
    names = [name.strip() for line in _EVENTS.findall(text) for name in line.split(",")]
    return tuple(name for name in names if "_" in name)
