"""What the run has spent, on reviews and on play together, and what it may still spend."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from automem.episode.stream import stream_events
from automem.episode.tally import Tally
from automem.errors import LimitReached
from automem.evaluate.episodes import read_result
from automem.records.config import LimitsSection
from automem.records.review import AnyReviewEvent, Closed, ReviewBudget, Spent
from automem.review.budget import spent
from automem.review.transcript import open_transcript
from automem.run.layout import EpisodeFolder, RunFolder

_Number = TypeVar("_Number", int, float)


class Amount(NamedTuple):
    """Tokens, and US dollars as far as they are known."""

    tokens: int
    cost: float


@dataclass(slots=True)
class Purse:
    """Counts what is on disk, so that starting again does not start the budget again.

    `run_seconds` bounds one invocation.
    """

    run: RunFolder
    limits: LimitsSection
    began: float = field(default_factory=time.monotonic)
    """`time.monotonic()` of the start."""
    _known: dict[Path, Amount] = field(default_factory=dict[Path, Amount])
    """Of results and of closed reviews, which never change."""
    _left: dict[Path, tuple[int, Amount]] = field(default_factory=dict[Path, tuple[int, Amount]])
    """Of traces without a result, with the size they had."""

    def spent(self, *, but: Path | None = None) -> Amount:
        """Of all episodes and all reviews, without what is in the folder `but`."""
        tokens, cost = 0, 0.0
        for evaluation in self.run.evaluations():
            if evaluation.path == but:
                continue
            for episode in evaluation.episodes():
                each = self._of_episode(episode)
                tokens, cost = tokens + each.tokens, cost + each.cost
        for folder in sorted(self.run.path.glob("reviews/*")):
            if folder != but:
                each = self._of_review(folder)
                tokens, cost = tokens + each.tokens, cost + each.cost
        return Amount(tokens, cost)

    def left(self, folder: Path | None = None, own: Spent | None = None) -> LimitsSection:
        """The limits with those of the run lowered to what is left for the work in `folder`.

        What that work has used itself, `own`, counts where nothing is left: then LimitReached is
        raised.
        """
        limits, own = self.limits, own or Spent()
        if (limits.run_tokens, limits.run_cost, limits.run_seconds) == (None, None, None):
            return limits  # what was spent need not even be counted
        used = self.spent(but=folder)
        tokens, cost = used.tokens + own.tokens, used.cost + (own.cost or 0.0)
        seconds = time.monotonic() - self.began
        for name, most, now, text in (
            ("run_tokens", limits.run_tokens, tokens, f"{tokens:,} tokens"),
            ("run_cost", limits.run_cost, cost, f"{cost:.2f} dollars"),
            ("run_seconds", limits.run_seconds, seconds, f"{seconds:.0f} seconds"),
        ):
            if most is not None and now >= most:
                raise LimitReached(
                    f"the run's limit is reached: {text} on reviews and play ([limits] {name}); "
                    "nothing is lost, raise it and run the same command to go on"
                )
        return msgspec.structs.replace(
            limits,
            run_tokens=None if limits.run_tokens is None else limits.run_tokens - used.tokens,
            run_cost=None if limits.run_cost is None else limits.run_cost - used.cost,
            run_seconds=None if limits.run_seconds is None else limits.run_seconds - seconds,
        )

    def review_budget(self, wanted: ReviewBudget, folder: Path) -> ReviewBudget:
        """What a review may use in all, what it has used in `folder` before included.

        Raises LimitReached where the run has nothing left.
        """
        own = review_spent(folder)
        left = self.left(folder, own)
        seconds = None if left.run_seconds is None else left.run_seconds + own.seconds
        return msgspec.structs.replace(
            wanted,
            tokens=_least(wanted.tokens, left.run_tokens),
            cost=_least(wanted.cost, left.run_cost),
            seconds=_least(wanted.seconds, seconds),
        )

    def _of_review(self, folder: Path) -> Amount:
        if folder in self._known:
            return self._known[folder]
        events = _events(folder)
        used = spent(events)
        amount = Amount(used.tokens, used.cost or 0.0)
        if events and isinstance(events[-1], Closed):
            self._known[folder] = amount
        return amount

    def _of_episode(self, episode: EpisodeFolder) -> Amount:
        if episode.path not in self._known:
            result = read_result(episode)
            if result is None:
                return self._of_unfinished(episode)
            usage = result.totals.usage
            tokens = usage.input_tokens + usage.output_tokens
            self._known[episode.path] = Amount(tokens, result.totals.cost or 0.0)
        return self._known[episode.path]

    def _of_unfinished(self, episode: EpisodeFolder) -> Amount:
        """What an episode that was left came to, such as one that a change could not play."""
        tokens, cost = 0, 0.0
        for path in sorted(episode.path.glob("trace*.jsonl")):
            size = path.stat().st_size
            if path not in self._left or self._left[path][0] != size:
                tally = Tally()
                for event in stream_events(path):
                    tally.add(event)
                self._left[path] = (size, Amount(tally.tokens, tally.cost or 0.0))
            each = self._left[path][1]
            tokens, cost = tokens + each.tokens, cost + each.cost
        return Amount(tokens, cost)


def review_spent(folder: Path) -> Spent:
    """What a review has used so far, by its transcript."""
    return spent(_events(folder))


def _events(folder: Path) -> Sequence[AnyReviewEvent]:
    path = folder / "transcript.jsonl"
    return open_transcript(path).events if path.exists() else ()


def _least(wanted: _Number | None, left: _Number | None) -> _Number | None:
    """The smaller of two limits, None being none."""
    given = [each for each in (wanted, left) if each is not None]
    return min(given) if given else None
