"""What a running evaluation is doing right now; the display reads it, the evaluator writes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from automem.episode.progress import EpisodeProgress

__all__ = ["EpisodeProgress", "Progress"]


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
    notices: list[str] = field(default_factory=list[str])
    """What is said before and beside the episodes: an engine that starts, or is started again."""
