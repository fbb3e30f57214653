"""Boxoban: where the boxes are and belong, and the moves worked out ahead.

The first observation shows every goal. Later a boulder may hide one, and a search at every step
would take too long; so the goals and the plan are what this game's memory is for.
"""

from __future__ import annotations

from functools import lru_cache

from automem_backends.rules.nethack import notes as wording
from automem_backends.rules.nethack.compass import STRAIGHT, Cell, beside
from automem_backends.rules.nethack.notes import Moment
from automem_backends.rules.nethack.recall import Recall
from automem_backends.rules.nethack.screen import Screen
from automem_backends.rules.nethack.situation import Situation
from automem_backends.rules.nethack.sokoban import Puzzle, solve

BOULDER, GOAL = "`0", "{"
THOROUGH = 20_000
"""Positions looked at to make a plan."""
HASTY = 300
"""Positions looked at where there is no plan to follow."""


def is_boxoban(screen: Screen) -> bool:
    """Whether the screen shows a level of boulders and fountains between iron bars."""
    return screen.mentions("bars") and screen.mentions("boulder")


def push_boxes(now: Situation) -> str | None:
    """The next move of the plan; without one, the first of a hasty search."""
    if not is_boxoban(now.now):
        return None
    if now.step == 0:
        moves = _solution(now.now, frozenset[Cell](), THOROUGH)
        return moves[0] if moves else _harmless(now)
    if now.known("plan") and now.notes.plan:
        index = now.step - now.notes.planned
        if 0 <= index < len(now.notes.plan):
            return now.notes.plan[index]
    moves = _solution(now.now, frozenset(now.level.cells("goal")), HASTY)
    return moves[0] if moves else _harmless(now)


def solution(known: Recall, moment: Moment) -> list[str]:
    """After the first step: the line of memory that holds the plan."""
    before = known.scene.before
    if before is None or moment.step != 1 or not is_boxoban(before):
        return []
    moves = _solution(before, frozenset[Cell](), THOROUGH)
    if not moves or moves[0] != moment.action:
        moves = ("", *_solution(known.scene.now, frozenset(before.find(GOAL)), THOROUGH))
    return [wording.plan_line(1, moves[1:])] if moves[1:] else []


def _harmless(now: Situation) -> str | None:
    """A step that pushes nothing."""
    turn = now.step % len(STRAIGHT)
    for name in (*STRAIGHT[turn:], *STRAIGHT[:turn]):
        if now.now.char(beside(now.at, name)) in ".<{":
            return name
    return STRAIGHT[turn]


@lru_cache(maxsize=8)
def _solution(screen: Screen, remembered: frozenset[Cell], most: int) -> tuple[str, ...]:
    boxes = frozenset(cell for char in BOULDER for cell in screen.find(char))
    goals = frozenset(screen.find(GOAL)) | remembered
    floor = frozenset(cell for char in ".<>{" for cell in screen.find(char))
    if len(goals) < len(boxes):
        return ()
    return solve(Puzzle(floor | boxes | goals | {screen.at}, goals, boxes, screen.at), most)
