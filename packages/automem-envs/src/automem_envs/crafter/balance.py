"""How creatures appear and vanish over time, chunk by chunk.

The conditions, and the order in which they take numbers from the world's random state, are
crafter's. They are evaluated from one count of grass and path per chunk.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from automem_envs.crafter.engine import objects

_CHUNK: Final = 12


class _Habit(NamedTuple):
    """One kind of creature: where and how readily it appears and vanishes."""

    kind: type[Any]
    material: str
    spawn_distance: int
    """It appears at least this many steps from the player."""
    despawn_distance: int
    spawn_probability: float
    despawn_probability: float
    space: int
    """A chunk with fewer cells of the material gets none."""


_ZOMBIE: Final = _Habit(objects.Zombie, "grass", 6, 0, 0.3, 0.4, 50)
_SKELETON: Final = _Habit(objects.Skeleton, "path", 7, 7, 0.1, 0.1, 6)
_COW: Final = _Habit(objects.Cow, "grass", 5, 5, 0.01, 0.1, 30)


def balance(world: Any, player: Any) -> None:
    """Do what crafter does every ten steps."""
    light = world.daylight
    night = 3.5 - 3 * light
    rules = (
        (_ZOMBIE, int(night), int(night)),
        (_SKELETON, 1, 2),
        (_COW, 1, int(1.5 + light)),
    )
    counts = {habit.material: _per_chunk(world, habit.material) for habit, _, _ in rules}
    for chunk, present in world.chunks.items():
        xmin, ymin = int(chunk[0]), int(chunk[2])
        for habit, fewest, most in rules:
            room = counts[habit.material][xmin // _CHUNK][ymin // _CHUNK] >= habit.space
            creatures = [c for c in present if type(c) is habit.kind]
            if len(creatures) < (fewest if room else 0):
                if world.random.uniform() < habit.spawn_probability:
                    _spawn(world, player, habit, chunk)
            elif len(creatures) > most and world.random.uniform() < habit.despawn_probability:
                creature = creatures[world.random.randint(0, len(creatures))]
                if player.distance(creature.pos) >= habit.despawn_distance:
                    world.remove(creature)


def _spawn(world: Any, player: Any, habit: _Habit, chunk: tuple[int, int, int, int]) -> None:
    xs, ys = np.nonzero(world.mask(*chunk, habit.material))
    index = world.random.randint(0, len(xs))
    where = np.array((chunk[0] + xs[index], chunk[2] + ys[index]))
    if world[where][1] is None and player.distance(where) >= habit.spawn_distance:
        arguments = (world, where) if habit is _COW else (world, where, player)
        world.add(habit.kind(*arguments))


def _per_chunk(world: Any, material: str) -> list[list[int]]:
    """How many cells of the material each chunk has, by column and row of chunks."""
    cells: npt.NDArray[np.int64] = (world._mat_map == world._mat_ids[material]).astype(np.int64)
    starts = list(range(0, cells.shape[0], _CHUNK))
    return np.add.reduceat(np.add.reduceat(cells, starts, axis=0), starts, axis=1).tolist()
