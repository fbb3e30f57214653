"""What to do next: danger, then needs of the body, then the next achievement, then exploring."""

from __future__ import annotations

from automem_backends.rules.crafter.crafting import craft, furnish, gather
from automem_backends.rules.crafter.exploring import explore
from automem_backends.rules.crafter.fighting import careful, fight
from automem_backends.rules.crafter.recipes import is_bright, is_dark
from automem_backends.rules.crafter.shelter import rest
from automem_backends.rules.crafter.situation import Situation

DUSK = 45
"""So many steps before dark the player sees to it that it can stay in for the night."""
UNKNOWN_AT = 5
"""The level of food or drink at which a source is sought where none is on record."""


def decide(now: Situation) -> str:
    """One action. Fills `now.wanted` with what should be looked up before it is trusted."""
    if now.scene.now.sleeping:
        return "Sleep"
    for concern in (fight, _drink_and_eat, _tired, _easy, furnish, craft, gather):
        action = concern(now)
        if action is not None:
            return careful(now, action)
    return careful(now, explore(now, "diamond" if now.can_mine("diamond") else "iron"))


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
            action = ripe or now.reach(kind)
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
        return now.reach("cow")
    if view.steps("water") <= 5 and status.drink <= 8 and not now.done("collect_drink"):
        return now.reach("water")
    if view.front == "tree" and not status.has("wood", 6):
        return "Do"
    if view.front == "stone" and not status.has("stone", 9) and now.can_mine("stone"):
        return "Do"
    return None
