"""How much goes into a model: episodes, steps, rates. How it is played and learned is code."""

from __future__ import annotations

from typing import Final

from automem.records._struct import Record


class Training(Record):
    """One stretch of training."""

    steps: int
    rate: float = 3e-3
    batch: int = 32


class Round(Record):
    """The model plays, the teacher corrects, and training goes on with all that there is."""

    episodes: int
    """Of each scaffold."""
    training: Training


class Evaluation(Record):
    """Episodes in worlds that nothing was learned from."""

    first: int = 60_000
    episodes: int = 16
    """Of each scaffold."""
    steps: int = 2000
    temperature: float = 0.5


class Recipe(Record):
    """How a model is made. Equal recipes make equal models, on equal machines."""

    size: str = "small"
    seed: int = 1
    teacher_first: int = 201_000
    teacher_episodes: int = 240
    episode_steps: int = 600
    """An episode of the corpus ends there, if it was not over before."""
    first: Training
    played_first: int = 210_000
    """Worlds in which the model itself plays; a thousand further on each round."""
    rounds: tuple[Round, ...]
    temperature: float = 0.6
    """At which it plays them."""
    evaluation: Evaluation = Evaluation()
    part: int = 16
    """Episodes of one command: what is lost at most where a build is killed. The model's answers
    depend in their last bits on what is answered together, so it is part of the recipe."""
    together: int = 16
    """Episodes of a command that the model plays at once."""


RECIPE: Final = Recipe(
    first=Training(steps=2000),
    rounds=(
        Round(episodes=32, training=Training(steps=1300, rate=2.5e-3)),
        Round(episodes=32, training=Training(steps=1300, rate=2e-3)),
        Round(episodes=32, training=Training(steps=1500, rate=1.5e-3)),
    ),
)
QUICK: Final = Recipe(
    teacher_episodes=4,
    episode_steps=120,
    first=Training(steps=40),
    rounds=(Round(episodes=2, training=Training(steps=20)),),
    evaluation=Evaluation(episodes=2, steps=20),
    part=2,
    together=2,
)
"""A few minutes, for a model that knows the language of the game and little of how to play it."""
