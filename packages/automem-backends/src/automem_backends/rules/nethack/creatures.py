"""Who stands around: whom to strike, whom to leave alone, and what else can be told from a name."""

from __future__ import annotations

from automem_backends.rules.nethack.compass import DIRECTIONS, Cell, beside
from automem_backends.rules.nethack.screen import Screen, is_creature

HARMFUL_TO_TOUCH = frozenset(
    {
        "floating eye",
        "cockatrice",
        "chickatrice",
        "gas spore",
        "blue jelly",
        "spotted jelly",
        "ochre jelly",
        "brown mold",
        "yellow mold",
        "green mold",
        "red mold",
        "electric eel",
    }
)
"""These do harm to whoever strikes them, and most of them cannot follow."""
LEFT_ALONE = frozenset(
    {
        "shopkeeper",
        "guard",
        "watchman",
        "watch captain",
        "Oracle",
        "aligned priest",
        "high priest",
        "priest",
        "priestess",
        "peaceful",
        "tame",
        "guide",
        "nurse",
    }
)
_STAY_WHERE_THEY_ARE = {
    "floating eye": "e",
    "brown mold": "F",
    "yellow mold": "F",
    "green mold": "F",
    "red mold": "F",
    "blue jelly": "j",
    "spotted jelly": "j",
}
_NOT_ALIVE = ("statue", "corpse", "remembered")


def foes(screen: Screen, peaceful: frozenset[str]) -> dict[str, str]:
    """Direction -> name of every creature beside the character that is worth striking."""
    return {
        direction: name
        for direction, name in screen.names.items()
        if _alive(screen, direction, name)
        and not _spared(name, peaceful)
        and name not in HARMFUL_TO_TOUCH
    }


def spared_cells(screen: Screen, peaceful: frozenset[str]) -> frozenset[Cell]:
    """Cells whose creature is not to be walked into: all beside, and those that hardly move."""
    letters = {sign for name, sign in _STAY_WHERE_THEY_ARE.items() if name in screen.things}
    afar = frozenset(cell for letter in letters for cell in screen.find(letter))
    return afar | frozenset(
        beside(screen.at, direction)
        for direction, name in screen.names.items()
        if _alive(screen, direction, name)
        and not name.startswith("tame ")
        and (_spared(name, peaceful) or name in HARMFUL_TO_TOUCH)
    )


def creatures(screen: Screen) -> list[Cell]:
    """Where the map shows a letter that is not the character's own."""
    found = [
        (index % 80, index // 80) for index, char in enumerate(screen.cells) if is_creature(char)
    ]
    return [cell for cell in found if cell != screen.at]


def strangers(screen: Screen) -> bool:
    """Whether a creature that is no pet and no statue is in sight."""
    harmless = sum("tame " in name or "statue" in name for name in screen.things)
    return len(creatures(screen)) > harmless


def _alive(screen: Screen, direction: str, name: str) -> bool:
    if any(word in name for word in _NOT_ALIVE) or direction not in DIRECTIONS:
        return False
    return is_creature(screen.char(beside(screen.at, direction)))


def _spared(name: str, peaceful: frozenset[str]) -> bool:
    first = name.split(" ", 1)[0]
    return first in {"tame", "peaceful"} or name in LEFT_ALONE or name in peaceful
