"""What a display shows, computed from Progress: totals, the time left, the busiest episodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from automem.evaluate.progress import EpisodeProgress, Progress
from automem.records._struct import Record

FINAL = ("done", "unfinished")
ACTIVE = ("playing", "replaying")


class Named(NamedTuple):
    """An episode and what it is called on the screen."""

    name: str
    episode: EpisodeProgress


class Summary(Record):
    """Totals over all episodes of what is displayed."""

    planned: int
    done: int
    unfinished: int
    playing: int
    """Episodes that are played or replayed now."""
    mean: float | None
    """Mean progression of the finished episodes, percent; None before the first."""
    steps: int
    planned_steps: int
    """Steps there will be at most."""
    tokens: int
    cost: float | None
    """US dollars; None where a price is unknown."""
    calls_done: int
    calls_in_flight: int
    calls_waiting: int
    retries: int
    elapsed_seconds: float
    left_seconds: float | None
    """An estimate that an episode may beat by ending early; None while nothing is known."""


@dataclass(slots=True)
class Watch:
    """Several evaluations watched as one, from a moment on."""

    progresses: Sequence[Progress]
    began: float
    """`time.monotonic()` of that moment."""
    _played: set[str] = field(default_factory=set[str])

    def episodes(self) -> list[Named]:
        """Every episode with its name, in order; the names tell evaluations apart if need be."""
        several = len(self.progresses) > 1
        return [
            Named(f"{progress.title} {task}/{seed}" if several else f"{task}/{seed}", episode)
            for progress in self.progresses
            for (task, seed), episode in progress.episodes.items()
        ]

    def summary(self, now: float) -> Summary:
        """The totals at `now`, in `time.monotonic()` seconds."""
        named = self.episodes()
        episodes = [each.episode for each in named]
        done = [e for e in episodes if e.state == "done"]
        longest = max((e.max_steps for e in episodes), default=0)
        elapsed = max(0.0, now - self.began)
        return Summary(
            planned=len(episodes),
            done=len(done),
            unfinished=sum(e.state == "unfinished" for e in episodes),
            playing=sum(e.state in ACTIVE for e in episodes),
            mean=100 * sum(e.progression for e in done) / len(done) if done else None,
            steps=sum(e.step for e in episodes),
            planned_steps=sum(e.max_steps or longest for e in episodes),
            tokens=sum(e.tokens for e in episodes),
            cost=_sum_known(e.cost for e in episodes),
            calls_done=sum(p.calls_done for p in self.progresses),
            calls_in_flight=sum(p.calls_in_flight for p in self.progresses),
            calls_waiting=sum(p.calls_waiting for p in self.progresses),
            retries=sum(p.retries for p in self.progresses),
            elapsed_seconds=elapsed,
            left_seconds=self._left(named, longest, elapsed),
        )

    def _left(self, named: Sequence[Named], longest: int, elapsed: float) -> float | None:
        """Episodes that were finished before anyone watched say nothing about the speed."""
        self._played.update(name for name, e in named if e.state in ACTIVE)
        reached = planned = 0
        for name, episode in named:
            length = episode.max_steps or longest
            if episode.state not in FINAL:
                reached, planned = reached + episode.step, planned + length
            elif name in self._played:
                reached, planned = reached + length, planned + length
        if planned == reached:
            return 0.0 if named else None
        return elapsed * (planned - reached) / reached if reached else None


def busiest(episodes: Iterable[Named], most: int) -> list[Named]:
    """The episodes worth a line: those at play, longest waits first where they do not all fit."""
    active = [named for named in episodes if named.episode.state in ACTIVE]
    if len(active) <= most:
        return active
    return sorted(active, key=lambda named: _wait_began(named.episode))[:most]


def _wait_began(episode: EpisodeProgress) -> float:
    return episode.waiting_since if episode.waiting_for else float("inf")


def _sum_known(costs: Iterable[float | None]) -> float | None:
    total = 0.0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total
