"""PLAN: which action serves the goal, by what stands in view."""

from __future__ import annotations

from random import Random
from typing import Final

from automem_tiny.teacher.state import State
from automem_tiny.teacher.view import DIRECTIONS, OPPOSITE, WALKABLE, View, move
from automem_tiny.teacher.wants import DEN, EVERYTHING, HURT, TABLE_WOOD, wanted

DIGGING: Final = frozenset(DEN) - {"rest"}
LAVA_NEAR: Final = 2
FAR_ENOUGH: Final = 5
"""Steps from which on a skeleton is let alone."""

_TOOLS = (
    ("wood_pickaxe", ("wood",), False),
    ("wood_sword", ("wood",), False),
    ("stone_pickaxe", ("wood", "stone"), False),
    ("stone_sword", ("wood", "stone"), False),
    ("iron_pickaxe", ("wood", "coal", "iron"), True),
    ("iron_sword", ("wood", "coal", "iron"), True),
)


def act(view: View, hour: int, state: State | None, luck: Random) -> str:
    """The action; without a state it is chosen by what the view alone says."""
    if view.sleeping:
        return "Sleep"
    if state is None:
        want = wanted(view, hour, EVERYTHING, "")
        state = State(want="nothing" if want == "den" else want, done=EVERYTHING)
        facing = None
    else:
        facing = state.facing
    action = (
        _fight(view)
        or _flee(view, facing)
        or _serve(view, state, facing)
        or _way(view, state, facing, luck)
    )
    return _careful(view, action, facing)


def _fight(view: View) -> str | None:
    if view.front in {"zombie", "skeleton"}:
        return "Do"
    for foe in ("zombie", "skeleton"):
        if view.steps(foe) == 1:
            return move(view.ways(foe)[0])
    return None


def _flee(view: View, facing: str | None) -> str | None:
    """Away from a skeleton that is seen by one who is hurt."""
    if view.vitals.get("health", 9) > HURT or view.steps("skeleton") > FAR_ENOUGH:
        return None
    for way in view.ways("skeleton"):
        if not view.blocked(OPPOSITE[way], facing):
            return move(OPPOSITE[way])
    return None


def _serve(view: View, state: State, facing: str | None) -> str | None:
    want = state.want
    if want in {"nap", "rest"}:
        return "Sleep" if view.vitals.get("energy", 9) < 9 else "Noop"
    if want in {"wall", "plant", "furnace"}:
        return _place(view, want, facing)
    if want == "sapling":
        return "Do" if view.front == "grass" else _toward(view, "grass", facing)
    if want == "table":
        return _craft(view, facing)
    if want in DIGGING:
        return _dig_in(view, want, facing)
    if view.front == want:
        return "Do"
    if state.go and view.steps(want) > 1:
        return None
    return _toward(view, want, facing)


def _place(view: View, want: str, facing: str | None) -> str | None:
    ground = {"grass"} if want == "plant" else WALKABLE
    if view.front in ground:
        return {"wall": "Place Stone", "plant": "Place Plant", "furnace": "Place Furnace"}[want]
    if want == "plant":
        return _toward(view, "grass", facing)
    return _free(view)


def _free(view: View) -> str | None:
    """A step to where the cell ahead may be free."""
    for kind in WALKABLE:
        if view.steps(kind) == 1:
            return move(view.ways(kind)[0])
    return None


def _craft(view: View, facing: str | None) -> str | None:
    if view.near("table"):
        for tool, uses, furnace in _TOOLS:
            if view.has(tool) or not all(view.has(item) for item in uses):
                continue
            if not furnace or view.near("furnace"):
                return "Make " + tool.replace("_", " ").title()
        return _toward(view, "furnace", facing)
    if "table" in view.things:
        return _toward(view, "table", facing)
    if not view.has("wood", TABLE_WOOD):
        return None
    return "Place Table" if view.front in WALKABLE else _free(view)


def _dig_in(view: View, want: str, facing: str | None) -> str | None:
    ahead = move(facing) if facing else "Noop"
    if want == "den":
        return "Do" if view.front == "stone" else _toward(view, "stone", facing)
    if want in {"deeper", "further"}:
        return "Do" if view.mines(view.front) else ahead
    if want == "back":
        return move(OPPOSITE[facing]) if facing else "Noop"
    if want == "close":
        return "Place Stone" if view.front in WALKABLE and view.has("stone") else "Noop"
    return ahead


def _toward(view: View, kind: str, facing: str | None) -> str | None:
    """A step to the nearest of a kind in view, or a turn to it."""
    ways = view.ways(kind)
    if not ways:
        return None
    if view.steps(kind) == 1:
        return move(ways[0])
    return _step(view, ways, facing)


def _step(view: View, ways: list[str], facing: str | None) -> str | None:
    free = [way for way in ways if not view.blocked(way, facing)]
    if not free:
        return None
    way = facing if facing in free else free[0]
    return "Do" if way == facing and view.mines(view.front) else move(way)


def _way(view: View, state: State, facing: str | None, luck: Random) -> str:
    """Where nothing of what is wanted is in view: the way kept to, the place known, or any."""
    if state.go:
        way = state.go[0]
        return "Do" if way == facing and view.mines(view.front) else move(way)
    if state.target:
        x, y = state.target[0] - state.at[0], state.target[1] - state.at[1]
        ways = [n for n, (a, b) in DIRECTIONS.items() if a * x > 0 or b * y > 0]
        if step := _step(view, ways, facing):
            return step
    return move(luck.choice(list(DIRECTIONS)))


def _careful(view: View, action: str, facing: str | None) -> str:
    """Near lava, only onto ground that is known: more of it may lie beside what is listed."""
    if view.front == "lava" and view.has("stone"):
        return "Place Stone"
    if view.steps("lava") > LAVA_NEAR and view.front != "lava":
        return action
    safe = [way for way in DIRECTIONS if _known_ground(view, way, facing)]
    if not action.startswith("Move") or action in {move(way) for way in safe}:
        return action
    back = OPPOSITE[facing] if facing else None
    return move(safe[0]) if safe else move(back) if back else "Noop"


def _known_ground(view: View, way: str, facing: str | None) -> bool:
    """Whether what lies one step that way is seen, and is not lava."""
    if way == facing:
        return view.front != "lava"
    x, y = DIRECTIONS[way]
    return any(near == (1, x, y) and kind != "lava" for kind, near in view.things.items())
