"""Text steps per second of NetHack and MiniHack on one core, and what opening a level costs."""

from __future__ import annotations

import random
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from figures import Figure

from automem.protocols import Environment
from automem_envs.minihack.environment import MiniHack
from automem_envs.minihack.options import MiniHackOptions
from automem_envs.nethack.actions import COMPASS, FAR
from automem_envs.nethack.environment import TASK, NetHack
from automem_envs.nethack.language import Language
from automem_envs.nethack.options import NetHackOptions
from automem_envs.nethack.screen import inventory, message, rows_of

NETHACK_STEPS = 2000
MAZE = "MiniHack-MazeWalk-15x15-v0"
MAZE_STEPS = 100
BOXOBAN = "MiniHack-Boxoban-Medium-v0"
FILES, LEVELS = 450, 1000
LEVEL = "##########\n" * 4 + "#@ $  .  #\n" + "##########\n" * 5
INSTANCES = 20
SCREENS = Path(__file__).parents[1] / "tests" / "golden" / "lang_obs" / "lang_obs.npz"
WALK = (*COMPASS, *FAR, "search")


def measure() -> list[Figure]:
    """The figures of this file."""
    walk = f"random moves and searches of 5 games, at most {NETHACK_STEPS:,} each, one core"
    maze = f"random moves of 50 mazes, {MAZE_STEPS} each, one core"
    nethack = _rate(NetHack(TASK, NetHackOptions()), range(42, 47), NETHACK_STEPS, WALK)
    minihack = _rate(MiniHack(MAZE, MiniHackOptions()), range(42, 92), MAZE_STEPS, tuple(COMPASS))
    opened, grown = _open_boxoban()
    about = f"median of 9, CPU, {FILES * LEVELS:,} levels in {FILES} files"
    return [
        Figure("NetHack text steps", f"{nethack:,.0f}/s", walk, "at least 7,000/s"),
        Figure("MiniHack MazeWalk text steps", f"{minihack:,.0f}/s", maze, "at least 7,000/s"),
        Figure(
            "one language observation",
            f"{_describe():.0f} us",
            "message, glyphs, cursor and inventory of 236 recorded screens, best of 5, CPU",
            "at most 120 us",
        ),
        Figure("opening Boxoban-Medium", f"{opened:.1f} ms", about, "at most 20 ms"),
        Figure("memory of opening it", f"{grown:.1f} MiB", "resident, the same", "at most 2 MiB"),
        Figure(
            "memory per MiniHack instance",
            f"{_per_instance():.1f} MiB",
            f"{INSTANCES} mazes in one process, 20 steps each",
            "3 to 5 MiB",
        ),
    ]


def _rate(game: Environment, seeds: Sequence[int], steps: int, words: tuple[str, ...]) -> float:
    """Steps per second of CPU, resets apart."""
    played = 0
    used = 0.0
    for seed in seeds:
        game.reset(seed)
        chosen = random.Random(seed).choices(words, k=steps)
        began = time.process_time()
        for action in chosen:
            played += 1
            if game.step(action).ended is not None:
                break
        used += time.process_time() - began
    game.close()
    return played / used


def _describe() -> float:
    """Microseconds for the four texts of a screen, none of them kept from the one before."""
    with np.load(SCREENS) as arrays:
        raw = dict(arrays)
    language = Language("balrog")
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for i in range(len(raw["glyphs"])):
            x, y = raw["blstats"][i][:2].tolist()
            row, column = raw["tty_cursor"][i].tolist()
            message(rows_of(raw["tty_chars"][i]))
            language.describe(raw["glyphs"][i], x, y)
            language.cursor(raw["glyphs"][i], x, y, column, row)
            inventory(raw["inv_letters"][i], raw["inv_strs"][i])
        best = min(best, (time.process_time() - began) / len(raw["glyphs"]))
    return best * 1e6


def _open_boxoban() -> tuple[float, float]:
    """Milliseconds and MiB that opening one instance takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "medium"
        folder.mkdir()
        text = "".join(f"; {number}\n{LEVEL}\n" for number in range(LEVELS))
        for number in range(FILES):
            (folder / f"{number:03d}.txt").write_text(text, encoding="ascii")
        games: list[MiniHack] = []
        took: list[float] = []
        grown: list[float] = []
        for _ in range(9):
            before, began = _resident(), time.process_time()
            games.append(MiniHack(BOXOBAN, MiniHackOptions(boxoban_folder=name)))
            took.append((time.process_time() - began) * 1000)
            grown.append((_resident() - before) / 2**20)
        for game in games:
            game.close()
    return sorted(took)[len(took) // 2], max(grown)


def _per_instance() -> float:
    before = _resident()
    games = [MiniHack(MAZE, MiniHackOptions()) for _ in range(INSTANCES)]
    for seed, game in enumerate(games):
        game.reset(seed)
        for _ in range(20):
            game.step("north")
    grown = _resident() - before
    for game in games:
        game.close()
    return grown / INSTANCES / 2**20


def _resident() -> int:
    """Bytes of this process in memory."""
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * resource.getpagesize()
