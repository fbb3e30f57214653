"""Amounts of work that may be unknown: what one episode takes, what a stage comes to, and sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automem.loops.measured import Measured, price_of_play
from automem.models.cost import Price, cost
from automem.records._struct import Record
from automem.records.config import AssumedSection, RunConfig
from automem.records.model import Usage


class Foreseen(Record):
    """What a stage comes to; None where nothing says so."""

    episodes: float = 0.0
    steps: float | None = 0.0
    calls: float | None = 0.0
    tokens: float | None = 0.0
    """Of play, input and output, cached ones included."""
    cost: float | None = 0.0
    """US dollars, of play."""
    hours: float | None = 0.0
    """By the clock, of play."""
    gpu_hours: float | None = 0.0
    """Of play."""
    reviews: float = 0.0
    review_turns: float | None = 0.0
    review_tokens: float | None = 0.0
    review_cost: float | None = 0.0
    trainings: float = 0.0
    training_tokens: float | None = 0.0
    training_hours: float | None = 0.0
    """By the clock."""
    training_gpu_hours: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Episode:
    """What one episode takes, by measurement or by what is assumed; None where neither says."""

    steps: float | None
    calls: float | None
    uncached: float | None
    """Input tokens."""
    cached: float | None
    output: float | None
    cost: float | None
    seconds: float | None
    """By the clock, which it adds to what is played at the same time."""
    source: str
    """Where the figures come from."""

    @property
    def tokens(self) -> float | None:
        """Input, cached or not, and output."""
        each = (self.uncached, self.cached, self.output)
        return None if None in each else sum(part for part in each if part is not None)

    def gpu_hours(self, assumed: AssumedSection) -> float | None:
        """Of the engine, all its GPUs being busy."""
        if not assumed.gpus:
            return 0.0
        return times(_seconds_of(self.uncached, self.output, assumed), assumed.gpus / 3600)


def together(config: RunConfig, episodes: int) -> int:
    """How many of so many episodes are played at the same time."""
    return min(config.evaluation.episodes_at_once or episodes, episodes)


def episode_of(measured: Measured | None, config: RunConfig, run: str, at_once: int) -> Episode:
    """What an episode takes: measured in `run` where it was, else what the configuration assumes.

    Prices are those of the player's model; `at_once` episodes are played together.
    """
    price = price_of_play(config)
    if measured is not None:
        n, usage = measured.episodes, measured.usage
        return Episode(
            steps=measured.steps,
            calls=measured.calls,
            uncached=(usage.input_tokens - usage.cached_tokens) / n,
            cached=usage.cached_tokens / n,
            output=usage.output_tokens / n,
            cost=measured.cost if price is None else cost(usage, price) / n,
            seconds=measured.seconds / at_once,
            source=f"steps, calls and tokens: measured over {n} episodes in {run}",
        )
    given = config.pipeline.assumed
    known = [n for n in (given.steps, config.environment.max_steps) if n is not None]
    steps = min(known, default=None)
    calls = times(steps, given.calls)
    tokens = times(calls, given.input_tokens)
    output = times(calls, given.output_tokens)
    uncached, cached = times(tokens, 1 - given.cached), times(tokens, given.cached)
    told = None not in (calls, tokens, output)
    return Episode(
        steps=steps,
        calls=calls,
        uncached=uncached,
        cached=cached,
        output=output,
        cost=_dollars(uncached, cached, output, price),
        seconds=_seconds_of(uncached, output, given)
        if given.steps_per_second is None
        else times(steps, 1 / given.steps_per_second),
        source=_assumed("steps, calls and tokens", given) if told else "",
    )


def _seconds_of(
    uncached: float | None, output: float | None, assumed: AssumedSection
) -> float | None:
    """Of the engine, all its GPUs being busy."""
    if uncached is None or output is None or assumed.prefill is None or assumed.decode is None:
        return None
    return uncached / assumed.prefill + output / assumed.decode


def _assumed(what: str, given: AssumedSection) -> str:
    return f"{what}: assumed in [pipeline.assumed]" + (f": {given.source}" if given.source else "")


def _dollars(
    uncached: float | None, cached: float | None, output: float | None, price: Price | None
) -> float | None:
    if uncached is None or cached is None or output is None or price is None:
        return None
    usage = Usage(
        input_tokens=round(uncached + cached),
        output_tokens=round(output),
        cached_tokens=round(cached),
    )
    return cost(usage, price)


def times(one: float | None, other: float | None) -> float | None:
    """The product; None where a factor is unknown and the other is not nothing."""
    if one == 0 or other == 0:
        return 0.0
    return None if one is None or other is None else one * other


def total(parts: Sequence[Foreseen]) -> Foreseen:
    """The sums, unknown where a part is."""
    sums: dict[str, float | None] = {}
    for name in Foreseen.__struct_fields__:
        values: list[float | None] = [getattr(part, name) for part in parts]
        known = [value for value in values if value is not None]
        sums[name] = sum(known) if len(known) == len(values) else None
    return Foreseen(**sums)  # pyright: ignore[reportArgumentType] - episodes are always known
