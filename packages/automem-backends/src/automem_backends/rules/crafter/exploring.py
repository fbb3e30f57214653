"""Where to look next: the nearest area not yet explored that promises what is sought."""

from __future__ import annotations

from automem_backends.rules.crafter.notes import AREA_SIZE, Heading, area_of
from automem_backends.rules.crafter.recipes import AREA_HALF
from automem_backends.rules.crafter.situation import Situation
from automem_backends.rules.crafter.view import DIRECTIONS, MOVES, Cell, View

PATIENCE = 45
"""After so many steps an area that was not reached counts as out of reach."""
ROCK = frozenset({"stone", "coal", "iron", "diamond", "path", "lava"})


def explore(now: Situation, kind: str) -> str:
    """One step towards an unexplored area."""
    area = area_of(now.at)
    if now.knows("explored"):
        heading = now.notes.heading
        if heading is not None and heading.area in now.notes.explored:
            heading = None
        target = heading.area if heading else next_area(now.at, now.notes.explored, kind, now.luck)
    else:
        target = (area[0] + 1, area[1])
    action = now.toward({center(target)})
    if action is not None:
        return action
    for name in DIRECTIONS:
        if now.ground.beside(name) == "free":
            return MOVES[name]
    return MOVES[list(DIRECTIONS)[now.step % 4]]


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
    wanted = {"stone"} if kind in {"stone", "coal", "iron", "diamond"} else set[str]()
    best, best_score = area_of(at), 1e9
    for x in range(-most, most + 1):
        for y in range(-most, most + 1):
            if (x, y) in explored:
                continue
            middle = center((x, y))
            score = float(abs(middle[0] - at[0]) + abs(middle[1] - at[1]))
            sides = [explored.get((x + a, y + b)) for a, b in DIRECTIONS.values()]
            if wanted:
                score -= 7.0 * sum(side in wanted for side in sides)
                score += 3.0 * sum(side in {"water", "grass"} for side in sides)
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
    if heading is None or heading.area in known:
        heading = Heading(next_area(at, known, kind, luck), step)
    return fresh, heading
