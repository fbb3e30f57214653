"""A world is made faster than crafter makes it, and is the same world."""

from __future__ import annotations

from typing import Any

import numpy as np

from automem_envs.crafter.engine import constants, engine, objects, worldgen
from automem_envs.crafter.terrain import generate


def new_world(seed: int) -> tuple[Any, Any]:
    world = engine.World((64, 64), constants.materials, (12, 12))
    world.reset(seed=seed)
    player = objects.Player(world, (32, 32))
    world.add(player)
    return world, player


def test_the_world_is_the_one_that_crafter_makes() -> None:
    for seed in (1, 2**31 - 2):
        theirs, their_player = new_world(seed)
        worldgen.generate_world(theirs, their_player)
        ours, our_player = new_world(seed)
        generate(ours, our_player)
        assert np.array_equal(ours._mat_map, theirs._mat_map)
        assert np.array_equal(ours._obj_map, theirs._obj_map)
        assert [type(o) for o in ours.objects] == [type(o) for o in theirs.objects]
        assert ours.random.uniform() == theirs.random.uniform()
