"""Going on as long as the game says --More--, and joining what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from automem_envs.nethack.game import RETURN, Game
from automem_envs.nethack.screen import MORE, message, rows_of, unbroken


class Pressed(NamedTuple):
    """What one key came to, as the environment counts it."""

    reward: float
    is_last: bool
    """The step limit, or the goal, was reached with it."""
    solved: bool = False


class Told(NamedTuple):
    """What an action came to: its key and the pages after it."""

    pressed: Pressed
    """The reward is the sum over all keys."""
    rows: list[str]
    """The terminal at last."""
    message: str


def press_and_read(
    game: Game, key: int, press: Callable[[int], Pressed], *, mends_edge: bool
) -> Told:
    """Press a key, and return until no page is left.

    `mends_edge` also knows a `--More--` that the edge of the terminal cuts in two; the benchmark
    does not, and leaves such a page open.
    """
    pressed = press(key)
    reward = pressed.reward
    rows, told = _read(game, mends_edge=mends_edge)
    while MORE in told and not (game.ended or pressed.is_last):
        pressed = press(RETURN)
        reward += pressed.reward
        rows, further = _read(game, mends_edge=mends_edge)
        told = told.replace(MORE, "\n") + further
    return Told(pressed._replace(reward=reward), rows, told)


def _read(game: Game, *, mends_edge: bool) -> tuple[list[str], str]:
    rows = rows_of(game.screen)
    return rows, message(unbroken(rows) if mends_edge else rows)
