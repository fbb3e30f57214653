"""NetHack as an AutoMem environment."""

from __future__ import annotations

from typing import Final

from automem import EnvironmentInfo, Frame, Observation, StepResult
from automem.errors import ConfigError, EnvironmentFailure
from automem_envs.nethack.actions import (
    ACTION_HELP,
    BENCHMARK_KEYS,
    CORRECTED_KEYS,
    OPPOSITES,
)
from automem_envs.nethack.engine import require_engine
from automem_envs.nethack.game import EVERY_QUESTION, Game
from automem_envs.nethack.instructions import INSTRUCTIONS
from automem_envs.nethack.options import DungeonOptions, NetHackOptions
from automem_envs.nethack.paging import Pressed, press_and_read
from automem_envs.nethack.picture import draw
from automem_envs.nethack.progression import Progression
from automem_envs.nethack.screen import message, rows_of
from automem_envs.nethack.view import View

TASK: Final = "NetHackChallenge-v0"
MAX_STEPS: Final = 100_000
MOST_IDLE_STEPS: Final = 150
"""Keys in a row during which the game's turns do not go on; then it is given up."""
_SCORE, _DEPTH, _LEVEL, _TURNS = 9, 12, 18, 20


class NetHack:
    """One game of NetHack with a character the seed decides; `make` of its spec."""

    def __init__(self, task: str, options: NetHackOptions) -> None:
        if task != TASK:
            raise ConfigError(f"nethack has no task '{task}'; its only task is '{TASK}'")
        check_analysis(options)
        engine, engine_version = require_engine(options.engine)
        corrected = options.profile == "corrected"
        self._options = options
        self._game = Game(character="@", clock=options.clock)
        self._view = View(options)
        self._keys = CORRECTED_KEYS if corrected else BENCHMARK_KEYS
        self._progression = Progression()
        self._live: list[int] = []
        self._presses = self._idle = 0
        self._turns = -1
        self._info = EnvironmentInfo(
            name="nethack",
            task=task,
            instructions=INSTRUCTIONS,
            actions=tuple(self._keys),
            action_help={a: told for a, told in ACTION_HELP.items() if a in self._keys},
            default_action="esc",
            max_steps=MAX_STEPS,
            opposites=OPPOSITES,
            waiting=("wait", "search"),
            volatile=(r" T:\d+ *",),
            matching="tolerant" if corrected else "exact",
            versions={
                "engine": engine,
                engine: engine_version,
                "profile": options.profile,
                "clock": self._game.clock,
            },
        )

    @property
    def info(self) -> EnvironmentInfo:
        """What the game says of itself."""
        return self._info

    def reset(self, seed: int) -> Observation:
        """Begin the game of this seed."""
        self._game.reset(seed)
        self._progression = Progression()
        self._presses = self._idle = 0
        self._turns = -1
        self._live = self._game.stats.tolist()
        rows = rows_of(self._game.screen)
        return self._view.observe(self._game, rows, message(rows), self._live)

    def step(self, action: str) -> StepResult:
        """Press the key of one action, and go on as long as the game says --More--."""
        key = self._keys.get(action)
        if key is None:
            raise EnvironmentFailure(f"nethack: {action!r} is not one of its actions")
        corrected = self._options.profile == "corrected"
        told = press_and_read(self._game, key, self._press, mends_edge=corrected)
        won = self._game.ended and self._game.ascended
        new = self._progression.update(
            int(self._game.stats[_DEPTH]),
            int(self._game.stats[_LEVEL]),
            told.rows[-1],
            ascended=won,
        )
        reached = self._progression
        return StepResult(
            observation=self._view.observe(self._game, told.rows, told.message, self._live),
            reward=told.pressed.reward,
            progression=reached.corrected if corrected else reached.benchmark,
            benchmark_progression=reached.benchmark,
            ended=self._how_ended(won=won, aborted=told.pressed.is_last),
            events=new,
        )

    def frame(self) -> Frame | None:
        """Draw the terminal."""
        if not self._live:
            return None
        return draw(self._game.screen, self._game.colors, self._options.frame_scale)

    def close(self) -> None:
        """Release the game."""
        self._game.close()

    def _press(self, key: int) -> Pressed:
        """One step as the benchmark counts them: what it earned, and whether it was the last."""
        game = self._game
        score = int(game.stats[_SCORE])
        game.press(key)
        if game.is_over:
            game.dismiss(EVERY_QUESTION)
        self._presses += 1
        turns = int(game.stats[_TURNS])
        self._idle = self._idle + 1 if turns == self._turns else 0
        self._turns = turns
        earned = 0.0
        if game.goes_on:
            self._live = game.stats.tolist()
            earned = float(self._live[_SCORE] - score)
        aborted = self._presses >= MAX_STEPS or self._idle >= MOST_IDLE_STEPS
        if aborted and not game.ended:
            game.quit()
        return Pressed(earned, aborted)

    def _how_ended(self, *, won: bool, aborted: bool) -> str | None:
        if aborted:
            return "length" if self._presses >= MAX_STEPS else "no progress"
        if won:
            return "ascended"
        if not self._game.ended:
            return None
        return "died" if self._game.died else "left"


def check_analysis(options: DungeonOptions) -> None:
    """Refuse the map analysis in the profiles that are for comparing."""
    if options.map_analysis and options.profile != "corrected":
        raise ConfigError(
            f"environment.map_analysis: the profile '{options.profile}' shows what the benchmark "
            'shows; use it with profile = "corrected", or remove it'
        )
