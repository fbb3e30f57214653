"""What a running evaluation is doing right now; the display reads it, the evaluator writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

State = Literal["queued", "replaying", "playing", "done", "unfinished"]


@dataclass(slots=True)
class EpisodeProgress:
    """One episode."""

    task: str
    seed: int
    max_steps: int
    state: State = "queued"
    step: int = 0
    progression: float = 0.0
    waiting_for: str = ""
    """What it waits for, such as `memory (log, turn 2)` or `environment`."""
    waiting_since: float = 0.0
    """`time.monotonic()` of the beginning of that wait."""
    tokens: int = 0
    cost: float | None = 0.0
    note: str = ""
    """The last thing worth telling: a retry, a restart, the cause of a failure."""


@dataclass(slots=True)
class Progress:
    """All episodes of the evaluation that runs now."""

    title: str = ""
    episodes: dict[tuple[str, int], EpisodeProgress] = field(
        default_factory=dict[tuple[str, int], EpisodeProgress]
    )
    calls_in_flight: int = 0
    calls_waiting: int = 0
    calls_done: int = 0
    retries: int = 0
