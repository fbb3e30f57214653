"""What the map says of the cells around the player."""

from __future__ import annotations

import numpy as np
import pytest

from automem_envs.nethack.analysis import around, in_sight, neighbor
from automem_envs.nethack.engine import nethack
from automem_envs.nethack.glyphs import TERRAIN, glyph_names


def _cell(name: str) -> int:
    if name in TERRAIN:
        return nethack.GLYPH_CMAP_OFF + TERRAIN.index(name)
    return glyph_names().names.index(name)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("doorway", "passable"),
        ("corridor floor", "passable"),
        ("stairs down", "passable"),
        ("gold piece", "passable"),
        ("newt corpse", "passable"),
        ("horizontal wall", "blocked"),
        ("vertical closed door", "blocked"),
        ("boulder", "blocked"),
        ("newt statue", "blocked"),
        ("lava", "dangerous"),
        ("bear trap", "dangerous"),
        ("newt", "monster"),
        ("invisible creature", "monster"),
        ("tame kitten", "pet"),
        ("dark area", "unknown"),
    ],
)
def test_a_cell_is_of_one_kind(name: str, kind: str) -> None:
    glyphs = np.full((21, 79), _cell("room floor"), np.int16)
    glyphs[5, 6] = _cell(name)
    assert neighbor(glyphs, 6, 5)[0] == kind


def test_beyond_the_map_nothing_can_be_walked_on() -> None:
    glyphs = np.full((21, 79), _cell("room floor"), np.int16)
    assert neighbor(glyphs, -1, 0) == neighbor(glyphs, 0, 21) == ("blocked", "")


def test_open_doors_are_not_passed_diagonally() -> None:
    glyphs = np.full((21, 79), _cell("room floor"), np.int16)
    glyphs[4, 6] = glyphs[5, 6] = _cell("vertical open door")
    told = around(glyphs, 5, 5).splitlines()
    assert "northeast: blocked, vertical open door" in told
    assert "east: passable, vertical open door" in told


def test_stairs_come_before_doors_and_near_ones_before_far_ones() -> None:
    glyphs = np.full((21, 79), _cell("room floor"), np.int16)
    glyphs[5, 6] = _cell("doorway")
    glyphs[5, 30] = _cell("stairs down")
    glyphs[4, 5] = _cell("stairs up")
    assert in_sight(glyphs, 5, 5) == [
        "stairs up: 1 step away, north (x=5, y=5)",
        "stairs down: 25 steps away, east (x=30, y=6)",
        "doorway: 1 step away, east (x=6, y=6)",
    ]
    nothing = np.full((21, 79), _cell("dark area"), np.int16)
    assert around(nothing, 5, 5).endswith("no stairs or doors in sight")
