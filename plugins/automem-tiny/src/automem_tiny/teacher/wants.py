"""What to want next: a decision list over vitals, inventory, hour and view."""

from __future__ import annotations

from typing import Final

from automem_tiny.teacher.state import DONE_WORDS
from automem_tiny.teacher.view import View

EVERYTHING: Final = frozenset(DONE_WORDS.values())
DEN: Final = ("den", "enter", "deeper", "inside", "further", "within", "back", "close", "rest")
"""The stages of digging in for the night."""
NIGHT: Final = 13
"""The hour (of 25) from which on a den is sought."""
DUSK: Final = 9
"""From here on food and drink are seen to earlier, to last through the night."""
DAWN: Final = 22
HURT: Final = 3
"""At this health, and below it, a den is sought by day too."""
HEALED: Final = 7
TABLE_WOOD: Final = 2
FURNACE_STONE: Final = 4


def wanted(view: View, hour: int, done: frozenset[str], before: str) -> str:
    """The goal, by what stands in view and what was wanted before."""
    if view.sleeping and before in (*DEN, "nap"):
        return before
    return (
        _body(view, hour, before)
        or _night(view, hour, before)
        or _passing(view, hour, done, before)
        or _tools(view, done)
    )


def _body(view: View, hour: int, before: str) -> str | None:
    drink, food = view.vitals.get("drink", 9), view.vitals.get("food", 9)
    if before == "rest" and min(drink, food) > 1:
        return None
    if min(drink, food) <= 3:
        return "water" if drink <= food else "cow"
    if before == "water" and view.steps("water") <= 2 and drink <= 8:
        return "water"
    far, level = (6, 6) if DUSK <= hour < NIGHT else (2, 5)
    if view.steps("water") <= far and drink <= level:
        return "water"
    return "cow" if view.steps("cow") <= far and food <= level else None


def _night(view: View, hour: int, before: str) -> str | None:
    dark = NIGHT <= hour < DAWN
    energy, health = view.vitals.get("energy", 9), view.vitals.get("health", 9)
    weak = energy <= 2 or health <= HURT
    resting = before in DEN and (energy < 9 or health < HEALED)
    if not (dark or weak or resting):
        return None
    if not view.has("wood_pickaxe"):
        return None
    return before if before in DEN else "den"


def _passing(view: View, hour: int, done: frozenset[str], before: str) -> str | None:
    """What can be had in passing, each once."""
    if view.has("sapling") and "plant" not in done:
        return "plant"
    if view.has("stone") and "stone" not in done:
        return "wall"
    if "drink" not in done and view.steps("water") <= 5 and view.vitals.get("drink", 9) <= 8:
        return "water"
    if "cow" not in done and view.steps("cow") <= 6:
        return "cow"
    tired = view.vitals.get("energy", 9) <= 8
    foes = min(view.steps("zombie"), view.steps("skeleton"), view.steps("arrow"))
    calm = foes > 9 and hour <= NIGHT - 3
    if "sleep" not in done and tired and calm:
        return "nap"
    if "plant" not in done and hour <= NIGHT - 2:
        if before == "sapling" and view.steps("grass") <= 2:
            return "sapling"
        if view.front == "grass" and view.has("wood"):
            return "sapling"
    return None


def _tools(view: View, done: frozenset[str]) -> str:
    table = "table" in view.things or view.front == "table"
    wooden = sum(not view.has(tool) for tool in ("wood_pickaxe", "wood_sword"))
    if wooden:
        return "table" if view.has("wood", wooden + (0 if table else TABLE_WOOD)) else "tree"
    stony = sum(not view.has(tool) for tool in ("stone_pickaxe", "stone_sword"))
    if stony:
        wood = view.has("wood", stony + (0 if table else TABLE_WOOD))
        stone = view.has("stone", stony + (0 if "furnace" in done else FURNACE_STONE))
        if not wood and (stone or view.steps("tree") <= 6):
            return "tree"
        return "table" if wood and stone else "stone"
    if "furnace" not in done and view.has("stone", FURNACE_STONE):
        return "furnace"
    return _metal(view, table=table)


def _metal(view: View, *, table: bool) -> str:
    if view.has("iron_pickaxe"):
        return "diamond"
    if not view.has("coal"):
        return "coal"
    if not view.has("iron"):
        return "iron"
    if not view.has("wood", 1 + (0 if table else TABLE_WOOD)):
        return "tree"
    if not (view.near("furnace") or view.steps("furnace") <= 5):
        return "furnace" if view.has("stone", FURNACE_STONE) else "stone"
    return "table"
