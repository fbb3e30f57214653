"""Crafter's rules, played without drawing and the same in every process.

The world, its creatures and the player are crafter's own objects. What is done differently from
its `Env`, and why:

- Chunks hold their creatures in order of insertion. Crafter's sets are ordered by memory address,
  so that the same seed gives another game in another process.
- Nothing is drawn. Drawing at night takes numbers from the world's random state; as many are
  taken here as the benchmark's two pictures a step take, or no recorded game could be repeated.
- The world is generated faster, to the same world.
- Only creatures near the player are looked at, found in the map of objects.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from automem_envs.crafter.balance import balance
from automem_envs.crafter.engine import constants, engine, objects
from automem_envs.crafter.terrain import generate

AREA: Final = 64
LENGTH: Final = 10_000
"""Steps after which crafter itself ends the game."""
VIEW: Final = (9, 7)
"""Columns and rows of the world that are seen."""
MARGIN: Final = 18
"""Cells kept around the map so that a window never leaves the arrays; also the active radius."""
_CHUNK = 12
_NIGHT_DRAWS = 2 * 252 * 196
"""Numbers that two pictures of 256 x 256 pixels take at night."""

_PLAYER, _COW, _ZOMBIE, _SKELETON, _ARROW, _PLANT = range(13, 19)
KINDS: Final = (
    "",
    *constants.materials,
    *("player", "cow", "zombie", "skeleton", "arrow", "plant"),
)
"""Name of each kind of cell; 0 is outside the world."""
_OBJECT_KINDS: Final = {
    objects.Player: _PLAYER,
    objects.Cow: _COW,
    objects.Zombie: _ZOMBIE,
    objects.Skeleton: _SKELETON,
    objects.Arrow: _ARROW,
    objects.Plant: _PLANT,
}


class InsertionOrderedSet(dict[Any, None]):
    """A set that is iterated in the order of insertion."""

    def add(self, item: Any) -> None:
        """Put it at the end, unless it is there."""
        self[item] = None

    def remove(self, item: Any) -> None:
        """Take it out; KeyError if it is not there."""
        del self[item]


def _diamond(radius: int) -> npt.NDArray[np.bool_]:
    """The cells of a square window whose Manhattan distance from its middle is below `radius`."""
    offsets = np.abs(np.arange(1 - radius, radius))
    return (offsets[:, None] + offsets[None, :]) < radius


class Game:
    """One game; `reset` comes first."""

    def __init__(self) -> None:
        self.world: Any = engine.World((AREA, AREA), constants.materials, (_CHUNK, _CHUNK))
        self.player: Any = None
        self.unlocked: set[str] = set()
        self._near = _diamond(MARGIN)
        self.elapsed = 0
        """Steps since the reset."""
        self._last_health = 0
        self._bits = np.random.MT19937()
        self._materials = np.zeros((0, 0), np.uint8)
        self._creatures = np.zeros((0, 0), np.uint32)

    def reset(self, seed: int) -> None:
        """Make the world of this seed; the state is crafter's after its first `reset`."""
        world = self.world
        world.reset()
        # The hash of a tuple of ints is the same in every process.
        world_seed = hash((seed, 1)) % (2**31 - 1)
        world.random = np.random.RandomState(self._bits)
        world.random.seed(world_seed)
        world._chunks = defaultdict(InsertionOrderedSet)
        side = AREA + 2 * MARGIN
        inner = slice(MARGIN, MARGIN + AREA)
        self._materials = np.zeros((side, side), np.uint8)
        self._creatures = np.zeros((side, side), np.uint32)
        world._mat_map = self._materials[inner, inner]
        world._obj_map = self._creatures[inner, inner]
        self.elapsed = 0
        self._set_daylight()
        self.player = objects.Player(world, (AREA // 2, AREA // 2))
        self._last_health = self.player.health
        world.add(self.player)
        self.unlocked = set()
        generate(world, self.player)

    def step(self, action: int) -> tuple[float, tuple[str, ...]]:
        """Play crafter's action of this index: the reward, and achievements that are new."""
        self.elapsed += 1
        self._set_daylight()
        self.player.action = constants.actions[action]
        for creature in self._active():
            creature.update()
        if self.elapsed % 10 == 0:
            balance(self.world, self.player)
        if self.world.daylight < 0.5:
            # Each number is two words of the generator.
            self._bits.random_raw(2 * _NIGHT_DRAWS, output=False)
        health = self.player.health
        reward = (health - self._last_health) / 10
        self._last_health = health
        achieved: dict[str, int] = self.player.achievements
        new = tuple(k for k, count in achieved.items() if count > 0 and k not in self.unlocked)
        if new:
            self.unlocked.update(new)
            reward += 1.0
        return reward, new

    @property
    def ended(self) -> str | None:
        """`died` or `length`, once the game is over."""
        if self.player.health <= 0:
            return "died"
        return "length" if self.elapsed >= LENGTH else None

    @property
    def position(self) -> tuple[int, int]:
        """Where the player stands: columns from the west, rows from the north."""
        x, y = self.player.pos
        return int(x), int(y)

    def window(self) -> npt.NDArray[np.uint8]:
        """The kinds of the cells that are seen, VIEW columns x rows, the player in the middle."""
        (x, y), (columns, rows) = self.position, VIEW
        west, north = x + MARGIN - columns // 2, y + MARGIN - rows // 2
        area = (slice(west, west + columns), slice(north, north + rows))
        cells = self._materials[area].copy()
        creatures = self._creatures[area]
        for where in np.argwhere(creatures).tolist():
            index = creatures[where[0], where[1]]
            cells[where[0], where[1]] = _OBJECT_KINDS[type(self.world._objects[index])]
        return cells

    def _active(self) -> list[Any]:
        """The creatures crafter would update now, in its order, the player first.

        Distances count from where the player is after its own move, and only the player moves
        the player; so it is updated alone, and the rest is looked up afterwards.
        """
        known: list[Any] = self.world._objects
        count = len(known)
        self.player.update()
        x, y = self.position
        reach = MARGIN - 1
        window = self._creatures[
            x + MARGIN - reach : x + MARGIN + reach + 1, y + MARGIN - reach : y + MARGIN + reach + 1
        ]
        indices = window[self._near]
        indices = indices[indices > 0]
        indices.sort()
        return [known[i] for i in indices.tolist() if i < count and known[i] is not self.player]

    def _set_daylight(self) -> None:
        progress = (self.elapsed / 300) % 1 + 0.3
        self.world.daylight = 1 - np.abs(np.cos(np.pi * progress)) ** 3
