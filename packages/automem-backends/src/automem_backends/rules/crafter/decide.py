"""What to do next: danger, then needs of the body, then the next achievement, then exploring."""

from __future__ import annotations

from automem_backends.rules.crafter.exploring import explore
from automem_backends.rules.crafter.recipes import (
    FURNACE_STONE,
    TABLE_WOOD,
    TOOLS,
    is_bright,
    is_dark,
)
from automem_backends.rules.crafter.shelter import rest
from automem_backends.rules.crafter.situation import Situation
from automem_backends.rules.crafter.view import DIRECTIONS, MOVES

FOES = ("zombie", "skeleton")
DUSK = 45
"""So many steps before dark the player sees to it that it can stay in for the night."""
UNKNOWN_AT = 5
"""The level of food or drink at which a source is sought where none is on record."""
FAR_TABLE = 14
"""A table farther away than this is not walked back to if a new one can be afforded."""


def decide(now: Situation) -> str:
    """One action. Fills `now.wanted` with what should be looked up before it is trusted."""
    if now.scene.now.sleeping:
        return "Sleep"
    for concern in (_fight, _drink_and_eat, _tired, _easy, _craft, _gather, _extras):
        action = concern(now)
        if action is not None:
            return _careful(now, action)
    return _careful(now, explore(now, "diamond" if now.can_mine("diamond") else "iron"))


def _careful(now: Situation, action: str) -> str:
    """Never step where lava may be."""
    view = now.scene.now
    if view.steps("lava") > 1 or action not in MOVES.values():
        return action
    direction = next(name for name, move in MOVES.items() if move == action)
    if _safe(now, direction):
        return action
    for other in DIRECTIONS:
        if _safe(now, other) and now.ground.beside(other) == "free":
            return MOVES[other]
    return "Noop" if not now.scene.status.has("stone") else "Place Stone"


def _safe(now: Situation, direction: str) -> bool:
    if direction == now.ground.facing:
        return now.scene.now.front != "lava"
    beside = now.ground.beside(direction)
    if beside is not None:
        return beside != "lava"
    return "lava" not in now.scene.now.possible(direction)


def _fight(now: Situation) -> str | None:
    view, status = now.scene.now, now.scene.status
    for foe in FOES:
        blow = now.turn_to(foe)
        if blow is not None:
            return blow
    aimed = any(0 in cell and sum(map(abs, cell)) <= 5 for cell in view.at("skeleton"))
    if status.health <= 4 and (aimed or view.steps("zombie") <= 3):
        return _evade(now)
    armed = status.has("stone_sword") or (status.has("wood_sword") and status.health >= 7)
    if armed and view.steps("skeleton") <= 4 and status.health >= 5:
        return None if now.done("defeat_skeleton") else now.toward(now.seen("skeleton"))
    return None


def _evade(now: Situation) -> str | None:
    """Put a stone before a foe that comes straight on, or walk away from it."""
    view = now.scene.now
    foes = [cell for foe in FOES for cell in view.at(foe)]
    x, y = DIRECTIONS[now.ground.facing]
    ahead = any(a * x + b * y > 0 and not (a * y or b * x) for a, b in foes)
    if ahead and now.front_free and now.scene.status.has("stone"):
        return "Place Stone"
    ways = [name for name in DIRECTIONS if now.ground.beside(name) == "free"]
    if not ways or view.steps("lava") <= 2:
        return None

    def room(name: str) -> int:
        step_x, step_y = DIRECTIONS[name]
        return min((abs(a - step_x) + abs(b - step_y) for a, b in foes), default=0)

    best = max(ways, key=room)
    return MOVES[best] if room(best) > min(abs(a) + abs(b) for a, b in foes) else None


def _drink_and_eat(now: Situation) -> str | None:
    view, status = now.scene.now, now.scene.status
    if view.front == "water" and status.drink <= 8 and (status.drink <= 6 or not _hurried(now)):
        return "Do"
    if view.front == "cow" and (status.food <= 5 or not now.done("eat_cow")):
        return "Do"
    if is_dark(now.step) and min(status.drink, status.food) > 2:
        return None
    for kind, level in sorted((("water", status.drink), ("cow", status.food)), key=_second):
        if level <= _threshold(now, kind) or (level <= 6 and view.steps(kind) <= 4):
            ripe = _ripe_plant(now) if kind == "cow" else None
            action = ripe or _reach(now, kind)
            if action is not None:
                return action
            if level <= UNKNOWN_AT:
                return explore(now, kind)
    return None


def _second(pair: tuple[str, int]) -> int:
    return pair[1]


def _threshold(now: Situation, kind: str) -> int:
    """The level at which a need is seen to: earlier before dark, and the farther the way."""
    level = 6 if is_dark(now.step + DUSK) else 3
    if now.seen(kind):
        return level
    known = now.nearest(kind)
    if known is None:
        return max(level, UNKNOWN_AT)
    return max(level, 3 + now.distance(known) // 16)


def _hurried(now: Situation) -> bool:
    return now.scene.now.steps("zombie") <= 3


def _ripe_plant(now: Situation) -> str | None:
    if now.scene.now.front == "plant-ripe":
        return "Do"
    return now.toward(now.seen("plant-ripe"))


def _tired(now: Situation) -> str | None:
    status, step = now.scene.status, now.step
    if status.drink <= 2 or status.food <= 1:
        return None
    weak = status.health <= 3 and status.energy <= 8
    if status.energy <= 3 or is_dark(step) or weak:
        return rest(now)
    quiet = now.scene.now.steps("zombie") > 9 and is_bright(step) and is_bright(step + 12)
    if quiet and status.energy <= 8 and not now.done("wake_up"):
        return "Sleep"
    return None


def _easy(now: Situation) -> str | None:
    """What can be had in passing."""
    view, status = now.scene.now, now.scene.status
    if view.front in {"iron", "diamond", "coal"} and now.can_mine(view.front):
        return "Do"
    if view.front == "grass":
        if status.has("sapling") and not now.done("place_plant"):
            return "Place Plant"
        if not status.has("sapling") and not now.done("collect_sapling"):
            return "Do"
    if now.front_free and status.has("stone") and not now.done("place_stone"):
        return "Place Stone"
    if view.steps("cow") <= 5 and not now.done("eat_cow"):
        return _reach(now, "cow")
    if view.steps("water") <= 5 and status.drink <= 8 and not now.done("collect_drink"):
        return _reach(now, "water")
    if view.front == "tree" and not status.has("wood", 6):
        return "Do"
    if view.front == "stone" and not status.has("stone", 9) and now.can_mine("stone"):
        return "Do"
    return None


def _craft(now: Situation) -> str | None:
    """Make the next tool if its materials are carried, going to table and furnace as needed."""
    for tool, recipe in TOOLS.items():
        if now.scene.status.has(tool) or now.missing(tool):
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


def _gather(now: Situation) -> str | None:
    """Collect what the next achievement lacks: what is in view, what is on record, or explore."""
    for kind, count, item in _shopping(now):
        if now.scene.status.has(item, count):
            continue
        return _reach(now, kind) or explore(now, kind)
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
        goods.append(("stone", len(stone_tools) + 1, "stone"))
        return goods
    if not now.done("place_furnace"):
        goods.append(("stone", FURNACE_STONE, "stone"))
    count = len(iron_tools)
    ore = [("coal", count, "coal"), ("iron", count, "iron")]
    if now.scene.now.steps("iron") < now.scene.now.steps("coal"):
        ore.reverse()
    return [*goods, ("stone", FURNACE_STONE + 1, "stone"), *ore]


def _extras(now: Situation) -> str | None:
    """What is left when all tools are made."""
    if not now.done("place_furnace") and now.scene.status.has("stone", FURNACE_STONE):
        return _put(now, "furnace")
    return None


def _reach(now: Situation, kind: str) -> str | None:
    """Walk to a kind in view or on record and act on it."""
    action = now.turn_to(kind)
    if action is not None:
        return action
    seen = now.seen(kind)
    if seen:
        return now.toward(seen)
    known = now.nearest(kind)
    return None if known is None else now.toward({known})
