"""Bounds on tokens, money and time, of one episode and of a whole run."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from automem.episode.tally import Tally
from automem.errors import AutoMemError, LimitReached
from automem.records.config import LimitsSection


class EpisodeLimit(AutoMemError):
    """A limit of this episode is reached: it ends here, with what it has."""


@dataclass(slots=True)
class RunBudget:
    """What the whole run may still spend; shared by its episodes.

    Tokens and money count what is recorded as well as what is played now, so that starting again
    does not start the budget again. An episode that is played from its recording a second time,
    because its game crashed, counts once. `run_seconds` bounds one invocation.
    """

    limits: LimitsSection
    tokens: int = 0
    cost: float = 0.0
    began: float = 0.0
    """`time.monotonic()` of the start."""
    _counted: dict[tuple[str, int], tuple[int, float]] = field(
        default_factory=dict[tuple[str, int], tuple[int, float]]
    )

    @classmethod
    def of(cls, limits: LimitsSection) -> RunBudget:
        """A budget that begins now."""
        return cls(limits=limits, began=time.monotonic())

    def count(self, episode: str, restarts: int, tokens: int, cost: float | None) -> None:
        """Take what an episode has come to so far, since it was last begun anew."""
        known_tokens, known_cost = self._counted.get((episode, restarts), (0, 0.0))
        most = max(tokens, known_tokens), max(cost or 0.0, known_cost)
        self.tokens += most[0] - known_tokens
        self.cost += most[1] - known_cost
        self._counted[episode, restarts] = most

    def check(self) -> None:
        """Raise LimitReached where nothing may be spent any more."""
        limits = self.limits
        if limits.run_tokens is not None and self.tokens >= limits.run_tokens:
            raise LimitReached(_run("run_tokens", f"{self.tokens:,} tokens"))
        if limits.run_cost is not None and self.cost >= limits.run_cost:
            raise LimitReached(_run("run_cost", f"{self.cost:.2f} dollars"))
        elapsed = time.monotonic() - self.began
        if limits.run_seconds is not None and elapsed >= limits.run_seconds:
            raise LimitReached(_run("run_seconds", f"{elapsed:.0f} seconds"))


def check_episode(limits: LimitsSection, tally: Tally) -> None:
    """Raise EpisodeLimit where this episode may go no further.

    Everything is measured on its recorded events, so that a resumed episode ends where the
    uninterrupted one does.
    """
    if limits.episode_tokens is not None and tally.tokens >= limits.episode_tokens:
        raise EpisodeLimit("limit: tokens")
    if limits.episode_cost is not None and (tally.cost or 0.0) >= limits.episode_cost:
        raise EpisodeLimit("limit: cost")
    if limits.episode_seconds is not None and tally.seconds >= limits.episode_seconds:
        raise EpisodeLimit("limit: seconds")


def _run(name: str, spent: str) -> str:
    return (
        f"the run's limit is reached: {spent} ([limits] {name}); nothing is lost, raise it and "
        "run the same command to go on"
    )
