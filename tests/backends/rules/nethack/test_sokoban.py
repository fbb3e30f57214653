"""Solutions are checked by pushing the boxes."""

from __future__ import annotations

from automem_backends.rules.nethack.compass import beside
from automem_backends.rules.nethack.sokoban import Puzzle, solve

LEVEL = """
##########
######## #
#######  #
#######$ #
#######  #
######. .#
###### $.#
#####  #$#
#####. $@#
##########
"""


def puzzle(text: str) -> Puzzle:
    cells = {
        (x, y): sign
        for y, row in enumerate(text.strip().splitlines())
        for x, sign in enumerate(row)
        if sign != "#"
    }

    def where(signs: str) -> frozenset[tuple[int, int]]:
        return frozenset(cell for cell, sign in cells.items() if sign in signs)

    (player,) = where("@")
    return Puzzle(floor=frozenset(cells), goals=where("."), boxes=where("$"), player=player)


def played(level: Puzzle, moves: tuple[str, ...]) -> frozenset[tuple[int, int]]:
    at, boxes = level.player, set(level.boxes)
    for name in moves:
        at = beside(at, name)
        assert at in level.floor
        if at in boxes:
            boxes.remove(at)
            boxes.add(beside(at, name))
            assert beside(at, name) in level.floor
    assert len(boxes) == len(level.boxes)
    return frozenset(boxes)


def test_a_level_is_solved():
    level = puzzle(LEVEL)
    moves = solve(level, 20_000)
    assert 0 < len(moves) <= 100
    assert played(level, moves) == level.goals


def test_a_box_in_a_corner_is_given_up_at_once():
    assert solve(puzzle("#####\n#$ .#\n#  @#\n#####"), 20_000) == ()


def test_a_search_ends_at_its_bound():
    assert solve(puzzle(LEVEL), 1) == ()
