"""Crafter as an AutoMem environment."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from automem import EnvironmentInfo, Frame, Observation, StepResult
from automem.errors import ConfigError, EnvironmentFailure
from automem_envs.crafter.engine import constants
from automem_envs.crafter.game import Game
from automem_envs.crafter.instructions import ACTIONS, action_help, instructions
from automem_envs.crafter.options import CrafterOptions
from automem_envs.crafter.picture import Painter
from automem_envs.crafter.text import condition, seen, status

MAX_STEPS: Final = 2000
_INDEX: Final = {action: index for index, action in enumerate(ACTIONS)}
_BLIND_COLUMNS: Final = 3
_BLIND_ROWS: Final = 2


class Crafter:
    """One game of Crafter; `make` of its spec.

    Two of its three profiles differ in one thing: `balrog` and `paper` see nothing at the west
    and north edges of the map, as the benchmark does; `corrected` sees what is there.
    """

    def __init__(self, task: str, options: CrafterOptions) -> None:
        if task != "default":
            raise ConfigError(f"crafter has no task '{task}'; its only task is 'default'")
        self._options = options
        self._game = Game()
        self._painter: Painter | None = None
        self._started = False
        self._info = EnvironmentInfo(
            name="crafter",
            task=task,
            instructions=instructions(constants),
            actions=ACTIONS,
            action_help=action_help(constants),
            default_action="Noop",
            max_steps=MAX_STEPS,
            opposites=(("Move West", "Move East"), ("Move North", "Move South")),
            waiting=("Noop", "Sleep"),
            matching="tolerant" if options.profile == "corrected" else "exact",
            versions={"crafter": version("crafter"), "profile": options.profile},
        )

    @property
    def info(self) -> EnvironmentInfo:
        """What the game says of itself."""
        return self._info

    def reset(self, seed: int) -> Observation:
        """Make the world and let one step pass, as the benchmark does."""
        self._game.reset(seed)
        self._game.step(_INDEX["Noop"])
        self._started = True
        return self._observe()

    def step(self, action: str) -> StepResult:
        """Play one of the 17 actions."""
        if not self._started:
            raise EnvironmentFailure("crafter: step before reset")
        if action not in _INDEX:
            raise EnvironmentFailure(f"crafter: {action!r} is not one of its actions")
        game = self._game
        reward, achieved = game.step(_INDEX[action])
        return StepResult(
            observation=self._observe(),
            reward=reward,
            progression=len(game.unlocked) / len(constants.achievements),
            ended=game.ended,
            events=achieved,
        )

    def frame(self, pixels: int | None = None) -> Frame | None:
        """Draw the map and the inventory, `pixels` wide and high."""
        if not self._started:
            return None
        if self._painter is None:
            self._painter = Painter()
        return self._painter.draw(
            self._game.world,
            self._game.player,
            pixels or self._options.frame_pixels,
            noise=self._options.frame_noise,
        )

    def close(self) -> None:
        """Nothing is held."""

    def _observe(self) -> Observation:
        game, player = self._game, self._game.player
        x, y = game.position
        blind = self._options.profile != "corrected" and (x <= _BLIND_COLUMNS or y <= _BLIND_ROWS)
        before = condition(sleeping=player.sleeping, dead=player.health <= 0)
        around = seen(None if blind else game.window(), player.facing)
        return Observation(
            text=f"{before}\n\n{around}".strip(),
            status=status(player.inventory, constants.items),
            position=(x, y, 0),
        )
