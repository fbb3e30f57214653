"""A subscriber that keeps what it is told, for tests of plays and as an example of a tracker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from automem.records.result import EpisodeResult
from automem.records.trace import AnyEvent


@dataclass(slots=True)
class Watcher:
    """Keeps events and results; `at` is called with every event, and may do anything."""

    at: Callable[[AnyEvent], None] = lambda _: None
    events: list[tuple[str, int, AnyEvent]] = field(default_factory=list[tuple[str, int, AnyEvent]])
    """Task, seed and event."""
    results: list[EpisodeResult] = field(default_factory=list[EpisodeResult])

    def on_event(self, task: str, seed: int, event: AnyEvent) -> None:
        """Keep an event."""
        self.events.append((task, seed, event))
        self.at(event)

    def on_result(self, result: EpisodeResult) -> None:
        """Keep a result."""
        self.results.append(result)
