"""What a running evaluation is doing right now; the display reads it, the evaluator writes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from automem.episode.progress import EpisodeProgress
from automem.records.result import Evaluation

__all__ = ["EpisodeProgress", "Progress", "settle"]


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


def settle(progress: Progress, evaluation: Evaluation) -> None:
    """Show an evaluation as done, also where it was read instead of played."""
    for result in evaluation.episodes:
        key = (result.task, result.seed)
        shown = progress.episodes.get(key)
        if shown is not None and shown.state == "done":
            continue
        totals = result.totals
        progress.episodes[key] = EpisodeProgress(
            task=result.task,
            seed=result.seed,
            max_steps=totals.steps,
            state="done",
            step=totals.steps,
            progression=result.progression,
            tokens=totals.usage.input_tokens + totals.usage.output_tokens,
            cost=totals.cost,
        )
