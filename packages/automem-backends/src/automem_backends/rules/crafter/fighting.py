"""Foes and lava: when to strike, when to walk away, where never to step."""

from __future__ import annotations

from automem_backends.rules.crafter.situation import Situation
from automem_backends.rules.crafter.view import DIRECTIONS, MOVES

FOES = ("zombie", "skeleton")


def fight(now: Situation) -> str | None:
    """Strike what is near; keep away from it when weak; hunt a skeleton when armed."""
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


def careful(now: Situation, action: str) -> str:
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
