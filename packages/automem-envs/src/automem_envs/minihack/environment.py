"""MiniHack as an AutoMem environment: eight tasks of 100 steps."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Final

from automem import EnvironmentInfo, Frame, Observation, StepResult
from automem.errors import ConfigError, EnvironmentFailure
from automem.spelling import did_you_mean
from automem_envs.minihack.boxoban import LevelSet
from automem_envs.minihack.goals import BoulderGoal, Goal, StairsGoal
from automem_envs.minihack.levels import install
from automem_envs.minihack.options import MiniHackOptions
from automem_envs.minihack.tasks import TASKS, instructions
from automem_envs.nethack.actions import ACTION_HELP, OPPOSITES
from automem_envs.nethack.engine import require_engine
from automem_envs.nethack.environment import check_analysis
from automem_envs.nethack.game import ESCAPE, Game
from automem_envs.nethack.paging import Pressed, press_and_read
from automem_envs.nethack.picture import draw
from automem_envs.nethack.screen import message, rows_of, shows_menu
from automem_envs.nethack.view import View

MAX_STEPS: Final = 100
_GAME_OPTIONS: Final = (
    "color",
    "showexp",
    "nobones",
    "nolegacy",
    "nocmdassist",
    "disclose:+i +a +v +g +c +o",
    "runmode:teleport",
    "mention_walls",
    "nosparkle",
    "showscore",
)
_NO_QUESTION: Final = "There is no question that a letter could answer."


class MiniHack:
    """One of the tasks; `make` of its spec."""

    def __init__(self, task: str, options: MiniHackOptions) -> None:
        if task not in TASKS:
            meant = did_you_mean(task, TASKS) or f"; it has {', '.join(TASKS)}"
            raise ConfigError(f"minihack has no task '{task}'{meant}")
        check_analysis(options)
        engine, engine_version = require_engine(options.engine)
        corrected = options.profile == "corrected"
        self._task = TASKS[task]
        self._options = options
        self._letters: Mapping[str, int] = self._task.letters if corrected else {}
        self._keys = {**self._task.keys, **self._letters}
        self._goal: Goal = BoulderGoal() if self._task.boxoban else StairsGoal()
        self._levels: LevelSet | None = None
        if self._task.boxoban:
            self._levels = LevelSet(options.boxoban_folder, self._task.boxoban)
        autopickup = () if options.profile == "paper" else ("!autopickup",)
        self._game = Game(
            character=self._task.character,
            clock=options.clock,
            options=(*_GAME_OPTIONS, *autopickup, "pettype:none"),
            spawns_monsters=False,
        )
        if self._task.level is not None:
            install(self._task.level(), self._game.folder)
        self._view = View(options)
        self._live: list[int] = []
        self._presses = 0
        self._info = EnvironmentInfo(
            name="minihack",
            task=task,
            instructions=instructions(self._task, keeps_menus=bool(self._letters)),
            actions=tuple(self._keys),
            action_help={a: told for a, told in ACTION_HELP.items() if a in self._keys},
            default_action="north",
            max_steps=MAX_STEPS,
            opposites=tuple(pair for pair in OPPOSITES if set(pair) <= set(self._keys)),
            waiting=tuple(action for action in ("wait", "search") if action in self._keys),
            matching="tolerant" if corrected else "exact",
            versions={
                "engine": engine,
                engine: engine_version,
                "minihack": version("minihack"),
                "profile": options.profile,
                "clock": self._game.clock,
            },
        )

    @property
    def info(self) -> EnvironmentInfo:
        """What the game says of itself."""
        return self._info

    def reset(self, seed: int) -> Observation:
        """Begin the level of this seed."""
        if self._levels is not None:
            install(self._levels.description(seed), self._game.folder)
        self._game.reset(seed)
        self._goal.begin(self._game)
        self._presses = 0
        self._live = self._game.stats.tolist()
        rows = rows_of(self._game.screen)
        return self._view.observe(self._game, rows, message(rows), self._live)

    def step(self, action: str) -> StepResult:
        """Press the key of one action, and go on as long as the game says --More--."""
        key = self._keys.get(action)
        if key is None:
            raise EnvironmentFailure(f"minihack: {action!r} is not one of its actions")
        # Outside of a question a letter would be whatever command its key is.
        idle_letter = action in self._letters and not (
            self._game.asks or shows_menu(rows_of(self._game.screen))
        )
        corrected = self._options.profile == "corrected"
        told = press_and_read(
            self._game, ESCAPE if idle_letter else key, self._press, mends_edge=corrected
        )
        reward, aborted, solved = told.pressed
        benchmark = 1.0 if reward >= 1.0 else 0.0
        return StepResult(
            observation=self._view.observe(
                self._game,
                told.rows,
                _NO_QUESTION if idle_letter else told.message,
                self._live,
            ),
            reward=reward,
            progression=float(solved) if corrected else benchmark,
            benchmark_progression=benchmark,
            ended=self._how_ended(solved=solved, aborted=aborted),
            success=solved,
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
        """One step as MiniHack counts them: what it earned, whether it solved or ended it all.

        A solution in the very last step earns nothing, but is one.
        """
        game = self._game
        before = self._goal.before(game)
        game.press(key)
        game.dismiss(self._task.left_open, keeps_menus=bool(self._letters))
        self._presses += 1
        died = game.ended
        solved = not died and self._goal.is_reached(game)
        out_of_steps = self._presses >= MAX_STEPS
        counted = solved and not out_of_steps
        reward = self._goal.reward(
            game, before, solved=counted, ended=died or out_of_steps or counted
        )
        if game.goes_on:
            self._live = game.stats.tolist()
        if (solved or out_of_steps) and not died:
            game.quit()
        return Pressed(reward, is_last=solved or out_of_steps, solved=solved)

    def _how_ended(self, *, solved: bool, aborted: bool) -> str | None:
        if solved:
            return "solved"
        if aborted:
            return "length"
        return "died" if self._game.ended else None
