"""LOG: where the last action led to, what is wanted now, and which places are worth a note."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from automem_tiny.teacher.state import DONE_WORDS, State
from automem_tiny.teacher.view import DIRECTIONS, OPPOSITE, WALKABLE, Cell, View
from automem_tiny.teacher.wants import wanted

NOTED: Final = ("table", "water", "tree", "stone", "coal", "iron", "diamond")
"""Kinds that get a note, in order."""
SOUGHT: Final = frozenset({*NOTED})
WORLD: Final = 28
"""So far from the start the edge of the world is near."""
AWAY: Final = 3
"""Steps back from lava."""
EXPLORING: Final = 8
"""Steps in one direction before another one is thought of."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What LOG is told."""

    before: View
    action: str
    events: tuple[str, ...]
    now: View
    hour: int
    moved: Cell
    """By how much the player really moved."""


def next_state(state: State, told: Happened, luck: Random) -> State:
    """The state after a step, before any place was looked up."""
    at = (state.at[0] + told.moved[0], state.at[1] + told.moved[1])
    facing = state.facing
    tried = told.action.removeprefix("Move ").lower() if told.action.startswith("Move ") else None
    if tried and not (told.before.sleeping and told.now.sleeping):
        facing = tried
    done = state.done | {DONE_WORDS[event] for event in told.events if event in DONE_WORDS}
    want = wanted(told.now, told.hour, done, _den_stage(state, told))
    fresh = State(at, facing, want, done=done, moved=told.moved != (0, 0))
    stuck = tried is not None and told.moved == (0, 0) and not told.now.sleeping
    return _with_way(state, fresh, told.now, luck, stuck=stuck)


def _den_stage(state: State, told: Happened) -> str:
    """Which stage of digging in follows; where one fails, it begins anew."""
    moved = told.moved != (0, 0)
    rock = told.now.mines(told.now.front)
    dug = told.action == "Do" and told.now.front == "path"
    match state.want:
        case "den":
            return "enter" if dug and told.before.front == "stone" else "den"
        case "enter":
            return "deeper" if moved and rock else "den"
        case "deeper":
            return "inside" if dug else "deeper" if rock else "den"
        case "inside":
            return "further" if moved and rock else "den"
        case "further":
            return "within" if dug else "further" if rock else "den"
        case "within":
            return "back" if moved else "den"
        case "back":
            return "close" if moved else "den"
        case "close":
            return "rest" if told.action == "Place Stone" else "den"
        case "rest":
            return "den" if _open(told.now) else "rest"
        case other:
            return other


def _open(view: View) -> bool:
    """Whether something can come to where the player wants to rest."""
    if view.sleeping:
        return False
    ground = min(view.steps("grass"), view.steps("sand"))
    foes = min(view.steps("zombie"), view.steps("skeleton"), view.steps("arrow"))
    return ground == 1 or foes <= 2


def _with_way(state: State, fresh: State, now: View, luck: Random, *, stuck: bool) -> State:
    """Keep to the known target or way, or take another one."""
    want = fresh.want
    if want not in {*SOUGHT, "cow", "den"}:
        return fresh
    kind = "stone" if want == "den" else want
    seen = kind in now.things
    if now.front == "lava":
        return replace(fresh, go=(OPPOSITE[fresh.facing], AWAY))
    acting = now.front == kind
    if acting or (seen and now.steps(kind) == 1):
        return fresh
    if stuck and now.front not in WALKABLE and not now.mines(now.front):
        return replace(fresh, go=(_other_way(fresh, now, luck), luck.choice((2, 3, 4))))
    go = state.go
    if go and go[1] > 1 and not (seen and state.want != want):
        return replace(fresh, go=(go[0], go[1] - 1), target=state.target)
    if seen:
        return fresh
    if state.target and state.want == want and _far(fresh.at, state.target):
        return replace(fresh, target=state.target)
    return fresh


def roam(fresh: State, state: State, now: View, luck: Random) -> State:
    """A way to explore, where nothing of what is wanted is seen or known."""
    last = state.go[0] if state.go else state.facing
    return replace(fresh, go=(_other_way(fresh, now, luck, keep=last), EXPLORING))


def _far(at: Cell, target: Cell) -> bool:
    return abs(at[0] - target[0]) + abs(at[1] - target[1]) > 2


def _other_way(fresh: State, now: View, luck: Random, keep: str | None = None) -> str:
    """A direction that is not known to be blocked; seldom straight back, never over the edge."""
    facing = fresh.facing
    ways = [way for way in DIRECTIONS if not now.blocked(way, facing)]
    ways = [w for w in ways if not _outward(fresh.at, w)] or ways or list(DIRECTIONS)
    back = OPPOSITE[keep or facing]
    ways = [way for way in ways if way != back] or ways
    if keep in ways and luck.random() < 0.5:
        return keep
    return luck.choice(ways)


def _outward(at: Cell, way: str) -> bool:
    x, y = DIRECTIONS[way]
    return at[0] * x >= WORLD or at[1] * y >= WORLD


def sights(told: Happened, at: Cell) -> list[tuple[str, Cell]]:
    """Landmarks that stand in a straight line now and did not before."""
    found: list[tuple[str, Cell]] = []
    for kind in NOTED:
        cell = told.now.cell(kind)
        if cell and told.before.cell(kind) is None:
            found.append((kind, (at[0] + cell[0], at[1] + cell[1])))
    return found[:2]
