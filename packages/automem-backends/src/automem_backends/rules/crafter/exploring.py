"""Where to look next: the nearest area not yet explored that promises what is sought."""

from __future__ import annotations

from automem_backends.rules.crafter.notes import AREA_SIZE, Heading, area_of
from automem_backends.rules.crafter.recipes import AREA_HALF
from automem_backends.rules.crafter.situation import Situation
from automem_backends.rules.crafter.view import DIRECTIONS, MOVES, Cell, View

PATIENCE = 45
"""After so many steps an area that was not reached counts as out of reach."""
ORES = frozenset({"stone", "coal", "iron", "diamond"})
ROCK = frozenset({"stone", "coal", "iron", "diamond", "path", "lava"})
LIKINGS = {
    "water": (frozenset({"water", "sand"}), frozenset({"stone"})),
    "tree": (frozenset({"grass"}), frozenset({"stone", "water"})),
    "cow": (frozenset({"grass"}), frozenset({"stone", "water"})),
    **dict.fromkeys(ORES, (frozenset({"stone"}), frozenset({"water", "grass"}))),
}
"""What ground beside an unexplored area speaks for it and against it, by what is sought."""


def explore(now: Situation, kind: str) -> str:
    """One step towards an unexplored area."""
    target = (area_of(now.at)[0] + 1, area_of(now.at)[1])
    if now.knows("explored"):
        heading, explored = now.notes.heading, now.notes.explored
        if heading and heading.area not in explored and _alike(heading.kind, kind):
            target = heading.area
        else:
            target = next_area(now.at, explored, kind, now.luck)
    action = now.toward({center(target)})
    if action is not None:
        return action
    for name in DIRECTIONS:
        if now.ground.beside(name) == "free":
            return MOVES[name]
    return MOVES[list(DIRECTIONS)[now.step % 4]]


def _alike(one: str, other: str) -> bool:
    return one == other or {one, other} <= ORES


def center(area: Cell) -> Cell:
    """The middle of an area."""
    return (area[0] * AREA_SIZE, area[1] * AREA_SIZE)


def in_middle(cell: Cell) -> bool:
    """Whether a cell lies so far inside its area that the view covers most of it."""
    middle = center(area_of(cell))
    return max(abs(cell[0] - middle[0]), abs(cell[1] - middle[1])) <= 2


def next_area(at: Cell, explored: dict[Cell, str], kind: str, luck: int) -> Cell:
    """The area to explore next: near, unexplored, and beside ground of the right sort."""
    most = (AREA_HALF - 2) // AREA_SIZE
    liked, disliked = LIKINGS.get(kind, (frozenset[str](), frozenset[str]()))
    best, best_score = area_of(at), 1e9
    for x in range(-most, most + 1):
        for y in range(-most, most + 1):
            if (x, y) in explored:
                continue
            middle = center((x, y))
            score = float(abs(middle[0] - at[0]) + abs(middle[1] - at[1]))
            sides = [explored.get((x + a, y + b)) for a, b in DIRECTIONS.values()]
            score -= 7.0 * sum(side in liked for side in sides)
            score += 3.0 * sum(side in disliked for side in sides)
            score += ((x * 7 + y * 13 + luck) % 5) * 0.5
            if score < best_score:
                best, best_score = (x, y), score
    return best


def ground_of(view: View) -> str:
    """What an area mostly is, judged from one view in its middle."""
    rock = min((view.steps(kind) for kind in ROCK), default=99)
    if rock <= 2:
        return "stone"
    if view.steps("water") <= 2:
        return "water"
    return "sand" if view.steps("sand") < view.steps("grass") else "grass"


def updated(
    at: Cell,
    view: View,
    step: int,
    explored: dict[Cell, str],
    heading: Heading | None,
    kind: str,
    luck: int,
) -> tuple[dict[Cell, str], Heading | None]:
    """Exploration's notes after a step: areas newly known, and where to go from here."""
    fresh: dict[Cell, str] = {}
    area = area_of(at)
    if area not in explored and in_middle(at):
        fresh[area] = ground_of(view)
    if heading is not None and heading.area not in explored and step - heading.since > PATIENCE:
        fresh[heading.area] = "out of reach"
    known = {**explored, **fresh}
    if heading is None or heading.area in known or not _alike(heading.kind, kind):
        heading = Heading(next_area(at, known, kind, luck), step, kind)
    return fresh, heading
