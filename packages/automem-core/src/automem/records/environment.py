"""What crosses the boundary between a game and the agent."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from automem.records._struct import Record

Matching = Literal["exact", "tolerant"]
Reward = Annotated[float, Meta(ge=-1e100, le=1e100)]
"""Finite: what is infinite or not a number cannot be stored, nor a mean be taken of it."""
Progression = Annotated[float, Meta(ge=0.0, le=1.0)]
"""Checked where a game's answer reaches the host: beyond its bounds it is no score."""


class EnvironmentInfo(Record):
    """What an environment says of itself once, before the first observation."""

    name: str
    """The name users type, such as `crafter`."""
    task: str = "default"
    """Which of its tasks this instance plays."""
    instructions: str = ""
    """Rules and goal of the game, for the prompt."""
    actions: tuple[str, ...] = ()
    """Every accepted action; empty means that any text is accepted."""
    action_help: dict[str, str] = {}
    """What an action does, for the prompt."""
    default_action: str = ""
    """Executed in place of an invalid action; costs a step."""
    max_steps: int = 1000
    """The episode ends after this many steps."""
    opposites: tuple[tuple[str, str], ...] = ()
    """Pairs of actions that undo one another; for the oscillation measure only."""
    waiting: tuple[str, ...] = ()
    """Actions after which an unchanged observation is normal."""
    volatile: tuple[str, ...] = ()
    """Regular expressions of text that changes by itself, such as a turn counter."""
    prompts: tuple[str, ...] = ()
    """Regular expressions of text that asks for a key, such as `--More--`; what answers it may
    well leave everything else as it was."""
    matching: Matching = "exact"
    """`tolerant` also accepts other case and white space before it calls an action invalid."""
    versions: dict[str, str] = {}
    """What the score depends on: package versions, profile, frozen clock."""


class Observation(Record):
    """What the agent is shown."""

    text: str
    """What is seen."""
    status: str = ""
    """Vitals and inventory."""
    position: tuple[int, int, int] | None = None
    """(x, y, level) for metrics only; never shown unless the game shows it."""


class StepResult(Record):
    """The answer to one action."""

    observation: Observation
    reward: Reward = 0.0
    progression: Progression = 0.0
    """How much of the game is done so far, 0..1."""
    benchmark_progression: float | None = None
    """The same as a benchmark's own code counts it, where that is known to differ."""
    ended: str | None = None
    """Why the game is over, such as `died`; None while it goes on."""
    events: tuple[str, ...] = ()
    """What happened for the first time, such as achievements."""
    success: bool | None = None
    """Whether the task was solved, where the game can tell."""


class Frame(Record):
    """A picture of the game."""

    width: int
    height: int
    rgb: bytes
    """width x height x 3 bytes, row by row from the top."""
