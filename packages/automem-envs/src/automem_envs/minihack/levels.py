"""The levels of the tasks, in the language of NetHack's level compiler, and compiling them.

Only MiniHack's data are used, its compiled dungeon and the descriptions of two Quests: its
classes would import what no level needs.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from automem.errors import EnvironmentFailure
from automem_envs.nethack.engine import FOLDER

_NAME: Final = "mylevel"
_COMPILE_SECONDS: Final = 60.0
_HEAD: Final = """\
MAZE: "mylevel", ' '
FLAGS:{flags}
INIT_MAP: solidfill,' '
GEOMETRY:center,center
"""
_HEADER_BYTES: Final = 3 + 4 * 9 + 1
_ENTRY_BYTES: Final = len("n") + len(" ") + 8 + len("\n")
_CORRIDOR: Final = (
    "-----       ----------------------",
    "|...|       |....................|",
    "|....#######.....................|",
    "|...|       |....................|",
    "-----       ----------------------",
)
_RATS: Final = ((30, 1), (30, 2), (30, 3), (31, 1), (31, 2), (31, 3))


def _minihack() -> Path:
    """The folder of the package, found without importing it."""
    found = find_spec("minihack")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("No module named 'minihack'", name="minihack")
    return Path(found.origin).parent


_DATA: Final = _minihack()


def described(name: str) -> str:
    """A level that comes with MiniHack, such as `corridor3`."""
    return (_DATA / "dat" / f"{name}.des").read_text(encoding="utf-8")


def maze(side: int) -> str:
    """A maze of `side` cells each way, walls between them counted, and its walls around it."""
    whole = side + 2
    return _level(
        ["." * whole] * whole,
        flags="hardfloor",
        lit=True,
        features=(
            f"TERRAIN:rect (0,0,{whole - 1},{whole - 1}),'-'",
            f"TERRAIN:fillrect (1,1,{whole - 2},{whole - 2}),' '",
            f"MAZEWALK:({whole // 2},{whole // 2}),east",
            "STAIR:random,down",
        ),
    )


def corridor_battle() -> str:
    """A small room, a corridor, and a dark hall with six giant rats before the stairs."""
    return _level(
        _CORRIDOR,
        flags="hardfloor",
        lit=False,
        features=(
            "BRANCH:(1,1,3,3),(0,0,0,0)",
            *(f'MONSTER:"giant rat",{place}' for place in _RATS),
            "STAIR:(32, 2),down",
        ),
    )


def boxoban_level(rows: Sequence[str]) -> str:
    """A level of Boxoban: boxes become boulders, goals fountains, walls bars."""
    cells = [(x, y, cell) for y, row in enumerate(rows) for x, cell in enumerate(row)]
    starts = [(x, y) for x, y, cell in cells if cell == "@"]
    if len(starts) != 1:
        raise EnvironmentFailure(f"a Boxoban level has {len(starts)} players: {rows}")
    x, y = starts[0]
    elsewhere = f"{abs(x - 1)},{abs(y - 1)}"
    return _level(
        [row.translate(str.maketrans("@ $#", "...F")) for row in rows],
        flags="noteleport,premapped",
        lit=True,
        features=(
            *(f'OBJECT: "boulder", ({x}, {y})' for x, y, cell in cells if cell == "$"),
            *(f"FOUNTAIN: ({x}, {y})" for x, y, cell in cells if cell == "."),
            f"BRANCH:({x},{y},{x},{y}),({elsewhere},{elsewhere})",
        ),
    )


def install(description: str, folder: Path) -> None:
    """Compile a level and put it into the data of a game that has not begun.

    `folder` is the game's own. Raises EnvironmentFailure if the compiler refuses it.
    """
    (folder / f"{_NAME}.des").write_text(description, encoding="utf-8")
    compiler = FOLDER / "lev_comp"
    try:
        done = subprocess.run(  # noqa: S603 - the engine's own program, and a file made here
            [compiler, f"{_NAME}.des"],
            cwd=folder,
            capture_output=True,
            timeout=_COMPILE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentFailure(f"minihack: {compiler} cannot be run: {error}") from error
    compiled = folder / f"{_NAME}.lev"
    if done.returncode != 0 or not compiled.exists():
        told = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        raise EnvironmentFailure(f"minihack: a level could not be compiled: {told}")
    files = (_DATA / "lib" / "dungeon", compiled, _DATA / "lib" / "quest.dat")
    part = folder / "nhdat.part"
    part.write_bytes(_archive(files))
    # The game's folder has a link to the data of ordinary NetHack, which is replaced.
    part.replace(folder / "nhdat")


def _level(rows: Sequence[str], *, flags: str, lit: bool, features: Iterable[str]) -> str:
    width, height = max(map(len, rows)), len(rows)
    light = "lit" if lit else "unlit"
    return "\n".join(
        (
            _HEAD.format(flags=flags) + "MAP",
            *rows,
            "ENDMAP",
            f'REGION:(0,0,{width},{height}),{light},"ordinary"',
            *features,
            "",
        )
    )


def _archive(files: Iterable[Path]) -> bytes:
    """NetHack's library of data files: a header, a directory, the contents."""
    contents = [("Directory", b""), *((file.name, file.read_bytes()) for file in files)]
    names = sum(len(name) + 1 for name, _ in contents)
    start = _HEADER_BYTES + sum(len(name) + _ENTRY_BYTES for name, _ in contents)
    total = start + sum(len(content) for _, content in contents)
    lines = [f"{1:3d} {len(contents):8d} {names:8d} {start:8d} {total:8d}\n"]
    at = 0
    for name, content in contents:
        lines.append(f"n{name} {at:8d}\n")
        at = (at or start) + len(content)
    return "".join(lines).encode("ascii") + b"".join(content for _, content in contents)
