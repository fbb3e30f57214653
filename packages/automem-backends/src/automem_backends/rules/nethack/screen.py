"""Reading NetHack's observations out of a prompt: message, map, neighbors, status line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from automem_backends.rules.nethack.compass import DIRECTIONS, Cell

WIDTH, HEIGHT = 80, 24
_STATUS_ROWS = 2
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class Stats:
    """The status lines under the map."""

    depth: int
    hp: int
    most_hp: int
    turn: int
    """0 where the game does not show it."""
    hunger: str
    """Such as `Weak`; empty if the character is not hungry."""

    @property
    def low(self) -> bool:
        """Whether the god of the character would see trouble in its wounds."""
        return self.hp < 6 or self.hp * 7 < self.most_hp


@dataclass(frozen=True, slots=True, eq=False)
class Screen:
    """One observation."""

    message: str
    cells: str
    """The map row by row from terminal row 0, 80 characters each, status lines blank."""
    at: Cell
    """Where the character stands: the `@` at the cursor, or the only one there is."""
    stats: Stats
    names: dict[str, str]
    """Direction -> what the text says stands beside the character there."""
    things: frozenset[str]
    """The names of everything the text mentions at any distance."""
    asks: bool
    """Whether the cursor waits behind the message, for the answer to a question."""
    shows_map: bool
    """Whether this is the map, not a menu that covers it."""

    def char(self, cell: Cell) -> str:
        """What the map shows at a place."""
        x, y = cell
        return self.cells[y * WIDTH + x] if 0 <= x < WIDTH and 0 <= y < HEIGHT else " "

    def find(self, char: str) -> list[Cell]:
        """Where the map shows a character."""
        found, index = list[Cell](), self.cells.find(char)
        while index >= 0:
            found.append((index % WIDTH, index // WIDTH))
            index = self.cells.find(char, index + 1)
        return found

    def mentions(self, word: str) -> bool:
        """Whether anything in sight has the word in its name."""
        return any(word in name for name in self.things)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a prompt shows of the game: now, and before the last action."""

    now: Screen
    before: Screen | None
    action: str
    """The last action; empty if none is named."""
    inventory: dict[str, str]
    """Letter -> description."""
    actions: frozenset[str]
    """Every action the prompt lists; empty if it lists none."""
    told: str
    """What was told of the task before anything else."""

    def can(self, action: str) -> bool:
        """Whether the game accepts an action, as far as the prompt says."""
        return not self.actions or action in self.actions


_BLOCK = re.compile(
    r"message:\n(?P<message>(?:(?!\nmessage:\n)[\s\S])*?)\n\nlanguage observation:\n"
    r"(?P<seen>[\s\S]*?)\n\ncursor:\n(?P<cursor>[^\n]*)\n"
    r"\(x=(?P<x>\d+), y=(?P<y>\d+)\)\n\nmap:\n(?P<map>(?:[^\n]*(?:\n|$)){1,23})"
)
_ACTION = re.compile(
    r"^[#*\s]*(?:your )?(?:last|previous|executed)\b[^\n:]{0,20}\baction\b[^\n:]{0,20}(?:\n|:)"
    r"\s*[`'\"]?(far [a-z]+|[a-z]+|[A-Za-z0-9]{1,2})\b",
    re.IGNORECASE | re.MULTILINE,
)
_LISTED = re.compile(r"(?:[\w ]{1,16}, ){3,}[\w ]{1,16}")
_ITEM = re.compile(r"^([a-zA-Z$]): ([^\n]+)$", re.MULTILINE)


def sees_nethack(text: str) -> bool:
    """Whether a prompt shows an observation of NetHack."""
    return "language observation:\n" in text and "\nmap:\n" in text


def read_scene(first: str, system: str) -> Scene | None:
    """Find the observations of a prompt; the last one is the present. None without any."""
    blocks = list(_BLOCK.finditer(first))
    if not blocks:
        return None
    screens = [
        _screen(block["message"], block["seen"], (int(block["x"]), int(block["y"])), block["map"])
        for block in blocks[-2:]
    ]
    action = _ACTION.findall(first)
    return Scene(
        now=screens[-1],
        before=screens[0] if len(screens) > 1 else None,
        action=action[-1] if action else "",
        inventory=_inventory(first[blocks[-1].end() :]),
        told=system,
        actions=_actions(system) or _actions(first[: blocks[0].start()]),
    )


@lru_cache(maxsize=16)
def _actions(text: str) -> frozenset[str]:
    lists: list[frozenset[str]] = [
        frozenset(found.strip().split(", ")) for found in _LISTED.findall(text)
    ]
    return max((names for names in lists if "north" in names), key=len, default=frozenset[str]())


def _inventory(text: str) -> dict[str, str]:
    return dict(_ITEM.findall(text.split("inventory:\n", 1)[1])) if "inventory:\n" in text else {}


@lru_cache(maxsize=64)
def _screen(message: str, seen: str, cursor: Cell, drawn: str) -> Screen:
    rows = [row.ljust(WIDTH)[:WIDTH] for row in drawn.split("\n")]
    rows = [" " * WIDTH, *rows, *[" " * WIDTH] * HEIGHT][:HEIGHT]
    bottom = "\n".join(rows[-_STATUS_ROWS:])
    cells = "".join(rows[:-_STATUS_ROWS]) + " " * (WIDTH * _STATUS_ROWS)
    names, things = _seen(seen)
    at = cursor
    if cells[cursor[1] * WIDTH + cursor[0]] != "@":
        found = cells.find("@")
        at = (found % WIDTH, found // WIDTH) if found >= 0 else cursor
    return Screen(
        message=message.strip("\x00\n "),
        cells=cells,
        at=at,
        stats=_stats(bottom),
        names=names,
        things=things,
        asks=cursor[1] == 0 or (cursor[1] == 1 and at != cursor),
        shows_map="Dlvl:" in bottom and "(end)" not in message,
    )


_THING = re.compile(
    r"^(.*?) (?:very far|far|near|very near|adjacent|[\d+-]+ steps? away)\b([^\n]*)$"
)
_ADJACENT = re.compile(r" (?:adjacent|1 step away)\b")


def _seen(text: str) -> tuple[dict[str, str], frozenset[str]]:
    names, things = dict[str, str](), set[str]()
    for line in text.split("\n"):
        found = _THING.match(line)
        if not found:
            continue
        things.add(found[1])
        if _ADJACENT.search(line):
            for direction in re.findall(r"[a-z]+", found[2]):
                if direction in DIRECTIONS:
                    names[direction] = found[1]
    return names, frozenset(things)


_DEPTH = re.compile(r"Dlvl:(\d+)")
_HP = re.compile(r"HP:(-?\d+)\((\d+)\)")
_TURN = re.compile(r"\bT:(\d+)")
_HUNGER = re.compile(r"\b(Hungry|Weak|Fainting|Fainted)\b")


def _stats(bottom: str) -> Stats:
    depth, hp, turn = _DEPTH.search(bottom), _HP.search(bottom), _TURN.search(bottom)
    hunger = _HUNGER.search(bottom)
    return Stats(
        depth=int(depth[1]) if depth else 0,
        hp=int(hp[1]) if hp else 1,
        most_hp=int(hp[2]) if hp else 1,
        turn=int(turn[1]) if turn else 0,
        hunger=hunger[1] if hunger else "",
    )


def is_creature(char: str) -> bool:
    """Whether a character of the map stands for something that may be alive."""
    return char in _LETTERS or char in "@&':;~"
