"""The display for programs: one JSON object a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from automem.episode.progress import State
from automem.records._struct import Record
from automem.ui.summary import Summary, Watch

SUMMARY_SECONDS = 1.0


class EpisodeLine(Record, tag_field="event", tag="episode"):
    """An episode changed its state."""

    name: str
    """As the other displays call it."""
    task: str
    seed: int
    state: State
    step: int
    progression: float
    tokens: int
    note: str


class SummaryLine(Record, tag_field="event", tag="summary"):
    """The totals at a moment."""

    title: str
    totals: Summary


@dataclass(slots=True)
class JsonDisplay:
    """Writes JSON lines through `write`, which gets them without an end of line."""

    watch: Watch
    title: str
    write: Callable[[str], object]
    _states: dict[str, State] = field(default_factory=dict[str, State])
    _last_summary: float = 0.0

    def begin(self, now: float) -> None:
        """Write the totals as they are before anything happened."""
        self._summary(now)

    def update(self, now: float) -> None:
        """Write every change of state, and the totals once a second."""
        for name, episode in self.watch.episodes():
            if self._states.get(name) == episode.state:
                continue
            self._states[name] = episode.state
            self._write(
                EpisodeLine(
                    name=name,
                    task=episode.task,
                    seed=episode.seed,
                    state=episode.state,
                    step=episode.step,
                    progression=episode.progression,
                    tokens=episode.tokens,
                    note=episode.note,
                )
            )
        if now - self._last_summary >= SUMMARY_SECONDS:
            self._summary(now)

    def end(self, now: float) -> None:
        """Write what is new and the totals."""
        self.update(now)
        self._summary(now)

    def _summary(self, now: float) -> None:
        self._last_summary = now
        self._write(SummaryLine(title=self.title, totals=self.watch.summary(now)))

    def _write(self, line: EpisodeLine | SummaryLine) -> None:
        self.write(msgspec.json.encode(line).decode())
