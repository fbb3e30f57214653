"""What lies around the player, read from the map: an optional section of the observation.

It says nothing that the map does not show; it spares a model the counting of columns.
"""

from __future__ import annotations

from functools import cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from automem_envs.nethack.engine import MAP_COLUMNS, MAP_ROWS, nethack
from automem_envs.nethack.glyphs import TERRAIN, glyph_names
from automem_envs.nethack.language import DIRECTIONS, between, place

Kind = Literal["passable", "blocked", "dangerous", "monster", "pet", "unknown"]

NEIGHBORS: Final = (
    ("north", 0, -1),
    ("northeast", 1, -1),
    ("east", 1, 0),
    ("southeast", 1, 1),
    ("south", 0, 1),
    ("southwest", -1, 1),
    ("west", -1, 0),
    ("northwest", -1, -1),
)
_BLOCKED: Final = frozenset(
    {
        *TERRAIN[1:12],
        "vertical closed door",
        "horizontal closed door",
        "bars",
        "tree",
        "vertical raised drawbridge",
        "horizontal raised drawbridge",
    }
)
_FIRST_TRAP: Final = TERRAIN.index("arrow trap")
_AFTER_TRAPS: Final = TERRAIN.index("vertical beam")
_DANGEROUS: Final = frozenset(
    {"pool", "lava", "water floor", "poison cloud", *TERRAIN[_FIRST_TRAP:_AFTER_TRAPS]}
)
_STAIRS: Final = frozenset({"stairs up", "stairs down", "ladder up", "ladder down"})
_DOORS: Final = frozenset(
    {
        "doorway",
        "vertical open door",
        "horizontal open door",
        "vertical closed door",
        "horizontal closed door",
    }
)


def around(glyphs: npt.NDArray[np.int16], x: int, y: int) -> str:
    """The section: the eight neighbors, then stairs and doors in sight, nearest first."""
    lines = ["around you:"]
    for direction, dx, dy in NEIGHBORS:
        kind, name = neighbor(glyphs, x + dx, y + dy)
        if "open door" in name and dx and dy:
            kind = "blocked"
        lines.append(f"{direction}: {kind}" + (f", {name}" if name else ""))
    seen = in_sight(glyphs, x, y)
    lines.append("stairs and doors in sight:" if seen else "no stairs or doors in sight")
    return "\n".join(lines + seen)


def neighbor(glyphs: npt.NDArray[np.int16], x: int, y: int) -> tuple[Kind, str]:
    """What stepping onto a cell meets, and its name; beyond the map all is blocked."""
    if not (0 <= x < MAP_COLUMNS and 0 <= y < MAP_ROWS):
        return "blocked", ""
    glyph = int(glyphs[y, x])
    name = glyph_names().names[glyph]
    if nethack.GLYPH_PET_OFF <= glyph < nethack.GLYPH_INVIS_OFF:
        return "pet", name
    if (
        glyph < nethack.GLYPH_BODY_OFF
        or nethack.GLYPH_RIDDEN_OFF <= glyph < nethack.GLYPH_OBJ_OFF
        or nethack.GLYPH_WARNING_OFF <= glyph < nethack.GLYPH_STATUE_OFF
    ):
        return "monster", name
    if glyph >= nethack.GLYPH_STATUE_OFF or name == "boulder":
        return "blocked", name
    terrain = _terrain(glyph)
    if terrain is None:
        return "passable", name
    if terrain == "dark area":
        return "unknown", ""
    if terrain in _BLOCKED:
        return "blocked", terrain
    return ("dangerous" if terrain in _DANGEROUS else "passable"), terrain


def in_sight(glyphs: npt.NDArray[np.int16], x: int, y: int) -> list[str]:
    """One line for each staircase, ladder and door of the map; places are those of the terminal."""
    told: list[tuple[bool, int, str]] = []
    for cell in np.flatnonzero(_landmarks()[glyphs.reshape(-1)]).tolist():
        row, column = divmod(cell, MAP_COLUMNS)
        name = _terrain(int(glyphs[row, column])) or ""
        steps = max(abs(column - x), abs(row - y))
        direction = place(column - x, row - y)[1]
        told.append(
            (
                name not in _STAIRS,
                steps,
                f"{name}: {steps} step{'' if steps == 1 else 's'} away, "
                f"{between(DIRECTIONS[direction])} (x={column}, y={row + 1})",
            )
        )
    return [line for _, _, line in sorted(told)]


@cache
def _landmarks() -> npt.NDArray[np.bool_]:
    wanted = _STAIRS | _DOORS
    return np.array([_terrain(glyph) in wanted for glyph in range(nethack.MAX_GLYPH)])


def _terrain(glyph: int) -> str | None:
    """The name of a map symbol; None for whatever else stands or lies there."""
    index: int = glyph - nethack.GLYPH_CMAP_OFF
    return TERRAIN[index] if 0 <= index < len(TERRAIN) else None
