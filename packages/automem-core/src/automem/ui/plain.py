"""The display for logs and pipes: a line when an episode ends, a summary now and then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from automem.evaluate.progress import EpisodeProgress
from automem.ui.summary import FINAL, Summary, Watch
from automem.ui.words import count, duration, money, percent

SUMMARY_SECONDS = 10.0


@dataclass(slots=True)
class PlainDisplay:
    """Writes lines of text through `write`, which gets them without an end of line."""

    watch: Watch
    title: str
    write: Callable[[str], object]
    _told: set[str] = field(default_factory=set[str])
    _notes: dict[str, str] = field(default_factory=dict[str, str])
    _notices: dict[int, int] = field(default_factory=dict[int, int])
    """How many of each evaluation's notices are told."""
    _last_summary: float = 0.0

    def begin(self, now: float) -> None:
        """Say what is played."""
        self._last_summary = now
        if self.title:
            self.write(self.title)

    def update(self, now: float) -> None:
        """Tell what is new at `now`."""
        for number, progress in enumerate(self.watch.progresses):
            for notice in progress.notices[self._notices.get(number, 0) :]:
                self.write(notice)
            self._notices[number] = len(progress.notices)
        for named in self.watch.episodes():
            self._tell(named.name, named.episode)
        if now - self._last_summary >= SUMMARY_SECONDS:
            self._last_summary = now
            self.write(summary_line(self.watch.summary(now)))

    def end(self, now: float) -> None:
        """Tell what is new and sum up."""
        self.update(now)
        self.write(summary_line(self.watch.summary(now)))

    def _tell(self, name: str, episode: EpisodeProgress) -> None:
        if episode.note and self._notes.get(name) != episode.note:
            self._notes[name] = episode.note
            self.write(f"{name}: step {episode.step}: {episode.note}")
        if episode.state in FINAL and name not in self._told:
            self._told.add(name)
            self.write(
                f"{name}: {episode.state} after {episode.step:,} steps, "
                f"progression {percent(100 * episode.progression)}, {count(episode.tokens)} tokens"
            )


def summary_line(summary: Summary) -> str:
    """The totals in one line."""
    parts = [
        f"{summary.done}/{summary.planned} episodes",
        f"step {summary.steps:,} of at most {summary.planned_steps:,}",
        f"mean {percent(summary.mean)}",
        f"calls {summary.calls_in_flight} in flight, {summary.calls_waiting} waiting",
        f"{count(summary.tokens)} tokens",
        money(summary.cost),
        f"{duration(summary.elapsed_seconds)} gone",
        f"{duration(summary.left_seconds)} left",
    ]
    if summary.unfinished:
        parts.insert(1, f"{summary.unfinished} unfinished")
    if summary.retries:
        parts.insert(-2, f"{summary.retries} retries")
    return " | ".join(parts)
