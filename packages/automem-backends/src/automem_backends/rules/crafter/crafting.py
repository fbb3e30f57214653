"""Tools: what to gather for the next one, and where to make it."""

from __future__ import annotations

from automem_backends.rules.crafter.exploring import explore
from automem_backends.rules.crafter.recipes import FURNACE_STONE, TABLE_WOOD, TOOLS
from automem_backends.rules.crafter.situation import Situation
from automem_backends.rules.crafter.view import DIRECTIONS, MOVES

FAR_TABLE = 14
"""A table farther away than this is not walked back to if a new one can be afforded."""


def craft(now: Situation) -> str | None:
    """Make the next tool if its materials are carried, going to table and furnace as needed."""
    for tool, recipe in TOOLS.items():
        if now.scene.status.has(tool) or now.missing(tool):
            continue
        if tool.startswith("stone") and not now.adjacent("table") and _short_of_stone(now):
            continue
        action = _stand_by(now, "table") or (_stand_by(now, "furnace") if recipe.furnace else None)
        if action == "give up":
            continue
        return action or recipe.action
    return None


def _stand_by(now: Situation, kind: str) -> str | None:
    """Get next to a table or furnace, or set one up; None when it is there already."""
    if now.adjacent(kind):
        return None
    item, cost = ("wood", TABLE_WOOD) if kind == "table" else ("stone", FURNACE_STONE)
    spare = 1 if kind == "table" else 0
    affordable = now.scene.status.has(item, cost + spare)
    seen = now.seen(kind)
    if seen and (kind == "table" or not affordable):
        return now.toward(seen) or "give up"
    known = now.nearest(kind)
    if known is not None and (now.distance(known) <= FAR_TABLE or not affordable):
        if kind == "furnace" and affordable:
            return _put(now, kind)
        return now.toward({known}) or "give up"
    return _put(now, kind) if affordable else "give up"


def _put(now: Situation, kind: str) -> str:
    if now.front_free:
        return f"Place {kind.capitalize()}"
    for name in DIRECTIONS:
        if now.ground.beside(name) == "free":
            return MOVES[name]
    return now.go(now.ground.facing)


def _short_of_stone(now: Situation) -> bool:
    """Whether more stone should be dug before walking to a table: for both tools and a furnace."""
    wanted = sum(not now.scene.status.has(tool) for tool in ("stone_pickaxe", "stone_sword"))
    near = now.scene.now.steps("stone") <= 4
    return near and not now.scene.status.has("stone", wanted + FURNACE_STONE)


def furnish(now: Situation) -> str | None:
    """Set up the first furnace, beside a table if one is near when there is stone to spare."""
    status = now.scene.status
    spare = FURNACE_STONE if now.adjacent("table") else FURNACE_STONE + 2
    if not (status.has("stone_pickaxe") and status.has("stone", spare)):
        return None
    return None if now.done("place_furnace") else _put(now, "furnace")


def gather(now: Situation) -> str | None:
    """Collect what the next achievement lacks: what is in view, what is on record, or explore."""
    for kind, count, item in _shopping(now):
        if now.scene.status.has(item, count):
            continue
        return now.reach(kind) or explore(now, kind)
    return None


def _shopping(now: Situation) -> list[tuple[str, int, str]]:
    """Materials in the order in which they are gathered: kind, how many are wanted, item."""
    status = now.scene.status
    wood_tools = [tool for tool in ("wood_pickaxe", "wood_sword") if not status.has(tool)]
    if wood_tools:
        table = 0 if now.adjacent("table") else TABLE_WOOD
        return [("tree", table + len(wood_tools), "wood")]
    stone_tools = [tool for tool in ("stone_pickaxe", "stone_sword") if not status.has(tool)]
    iron_tools = [tool for tool in ("iron_pickaxe", "iron_sword") if not status.has(tool)]
    if not stone_tools and not iron_tools:
        return [("stone", 2, "stone"), ("diamond", 1, "diamond")]
    wood = TABLE_WOOD + len(stone_tools) + len(iron_tools)
    short = not status.has("wood", len(stone_tools or iron_tools))
    near = now.scene.now.steps("tree") <= 6
    goods = [("tree", wood, "wood")] if short or near else []
    if stone_tools:
        goods.append(("stone", len(stone_tools) + FURNACE_STONE, "stone"))
        return goods
    count = len(iron_tools)
    ore = [("coal", count, "coal"), ("iron", count, "iron")]
    if now.scene.now.steps("iron") < now.scene.now.steps("coal"):
        ore.reverse()
    return [*goods, ("stone", FURNACE_STONE + 1, "stone"), *ore]
