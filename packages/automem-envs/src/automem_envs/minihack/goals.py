"""When a task is solved and what a step earns, as MiniHack has it."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

import numpy as np

from automem_envs.nethack.game import Game

IDLE_PENALTY: Final = -0.01
"""For a step during which the game's clock stands still."""
_BOULDER: Final = ord("`")
_FOUNTAIN: Final = ord("{")
_STEP_PENALTY: Final = -0.001
_BOULDER_REWARD: Final = 0.1
_TURNS: Final = 20

Cells = frozenset[int]


class Before(NamedTuple):
    """What has to be known of the moment before a step."""

    turns: int
    placed: int = 0
    """Boulders on fountains."""


class Goal(Protocol):
    """What a task is about."""

    def begin(self, game: Game) -> None:
        """Look at the level at its beginning."""
        ...

    def before(self, game: Game) -> Before:
        """Look at the game before a step."""
        ...

    def is_reached(self, game: Game) -> bool:
        """The task is solved."""
        ...

    def reward(self, game: Game, before: Before, *, solved: bool, ended: bool) -> float:
        """What the step earned."""
        ...


class StairsGoal:
    """Standing on the stairs down."""

    def begin(self, game: Game) -> None:
        """Nothing has to be known."""

    def before(self, game: Game) -> Before:
        """The turn."""
        return Before(turns=int(game.stats[_TURNS]))

    def is_reached(self, game: Game) -> bool:
        """The game itself says so."""
        return game.on_stairs_down

    def reward(self, game: Game, before: Before, *, solved: bool, ended: bool) -> float:
        """1 for the solution, less a little if it took no time."""
        idle = IDLE_PENALTY if int(game.stats[_TURNS]) == before.turns else 0.0
        return float(solved) + idle


class BoulderGoal:
    """A boulder on every fountain."""

    def __init__(self) -> None:
        self._fountains: Cells = frozenset()

    def begin(self, game: Game) -> None:
        """Remember where the fountains are; boulders will hide them."""
        self._fountains = _cells(game, _FOUNTAIN)

    def before(self, game: Game) -> Before:
        """The boulders that are in place."""
        return Before(turns=0, placed=self._placed(game))

    def is_reached(self, game: Game) -> bool:
        """No boulder is elsewhere, and no fountain is free."""
        return _cells(game, _BOULDER) == self._fountains

    def reward(self, game: Game, before: Before, *, solved: bool, ended: bool) -> float:
        """1 for the solution; before it, what became of the boulders, less a little a step."""
        if solved:
            return 1.0
        if ended:
            return 0.0
        return _STEP_PENALTY + (self._placed(game) - before.placed) * _BOULDER_REWARD

    def _placed(self, game: Game) -> int:
        return len(self._fountains & _cells(game, _BOULDER))


def _cells(game: Game, character: int) -> Cells:
    return frozenset(np.flatnonzero(game.characters.reshape(-1) == character).tolist())
