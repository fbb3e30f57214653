"""The game is crafter's own, and the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from typing import Any

import crafter
import numpy as np

from automem_envs.crafter.game import Game, InsertionOrderedSet

EPISODE = """
import hashlib
import random

from automem_envs.crafter.game import Game
from automem_envs.crafter.text import seen, status
from automem_envs.crafter.engine import constants

game = Game()
game.reset(7)
choose = random.Random(7)
told = hashlib.sha256()
nights = 0
for _ in range(400):
    reward, events = game.step(choose.choice((1, 2, 3, 4, 5, 5, 6)))
    # Kept alive, or no episode of random steps would see a whole night.
    for vital in ("health", "food", "drink"):
        game.player.inventory[vital] = 9
    nights += bool(game.world.daylight < 0.5)
    said = (
        seen(game.window(), game.player.facing),
        status(game.player.inventory, constants.items),
        reward,
        events,
        game.position,
        [type(o).__name__ + str(o.pos) for o in game.world.objects],
    )
    told.update(repr(said).encode())
print(told.hexdigest(), nights)
"""


def play_in_a_process(hash_seed: str) -> tuple[str, int]:
    done = subprocess.run(
        [sys.executable, "-c", EPISODE],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    told, nights = done.stdout.split()
    return told, int(nights)


def test_two_processes_with_different_hash_seeds_play_the_same_episode() -> None:
    first, second = play_in_a_process("1"), play_in_a_process("2")
    assert first == second
    assert first[1] > 100


def test_it_is_the_game_that_crafter_plays_when_pictures_are_drawn() -> None:
    """Against crafter's `Env`, drawn twice a step at 256 pixels, into the first night."""
    drawn: Any = crafter.Env(size=(256, 256), seed=3)
    reset = drawn._world.reset

    def reset_in_order(seed: int | None = None) -> None:
        reset(seed)
        drawn._world._chunks = defaultdict(InsertionOrderedSet)

    drawn._world.reset = reset_in_order
    drawn.reset()
    game = Game()
    game.reset(3)
    choose = np.random.RandomState(3)
    for _ in range(170):
        action = int(choose.choice([1, 2, 3, 4, 5, 5, 7, 8]))
        _, reward, _, _ = drawn.step(action)
        drawn.render()
        assert game.step(action)[0] == reward
        assert game.player.inventory == drawn._player.inventory
        assert game.player.achievements == drawn._player.achievements
        assert (game.world._mat_map == drawn._world._mat_map).all()
        assert (game.world._obj_map == drawn._world._obj_map).all()
        for player in (drawn._player, game.player):
            player.inventory["health"] = 9
    assert drawn._world.daylight < 0.5
    assert game.world.random.uniform() == drawn._world.random.uniform()


def test_it_ends_after_crafters_own_length() -> None:
    game = Game()
    game.reset(1)
    assert game.ended is None
    game.elapsed = 9_999
    game.step(0)
    assert game.ended == "length"


def test_the_order_of_insertion_is_kept() -> None:
    ordered = InsertionOrderedSet()
    for item in (3, 1, 2, 1):
        ordered.add(item)
    ordered.remove(3)
    assert list(ordered) == [1, 2]
