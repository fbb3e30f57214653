"""What one episode is a function of: plain data, never a closure."""

from __future__ import annotations

from automem.records._struct import Record
from automem.records.config import LimitsSection


class EpisodeJob(Record):
    """One environment, task and seed to be played."""

    environment: str
    """The name users type."""
    task: str
    seed: int
    max_steps: int | None = None
    """Fewer steps than the environment's own limit."""
    limits: LimitsSection = LimitsSection()
    key: str = ""
    """The evaluation it belongs to."""
    restarts: int = 0
    """How often it was begun anew because a replay did not match."""

    @property
    def place(self) -> tuple[str, str, int]:
        """Environment, task and seed."""
        return self.environment, self.task, self.seed

    @property
    def name(self) -> str:
        """How it is called in messages and engine logs."""
        return f"{self.environment}/{self.task}/{self.seed}"
