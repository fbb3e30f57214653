"""What one running episode is doing right now; the display reads it, the episode writes it."""

from __future__ import annotations

import time
from dataclasses import dataclass
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

    def wait(self, what: str) -> None:
        """Begin to wait for something."""
        self.waiting_for = what
        self.waiting_since = time.monotonic()
