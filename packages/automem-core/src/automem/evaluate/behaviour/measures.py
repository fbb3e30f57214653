"""The measures: which counts each divides, which way is better, and their two kinds of mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from automem.evaluate.statistics import mean_and_error
from automem.records.behaviour import (
    Behaviour,
    BehaviourSummary,
    Better,
    ByActor,
    EmptySearches,
    Measure,
    Unit,
)

Count = Callable[[Behaviour], int]


class Ratio(NamedTuple):
    """How one measure is made of counts."""

    name: str
    title: str
    unit: Unit
    better: Better | None
    over: Count
    under: Count

    def value(self, counts: Behaviour) -> float | None:
        """The measure of these counts; None where there is nothing to divide by."""
        under = self.under(counts)
        if not under:
            return None
        return self.over(counts) * (100 if self.unit == "per 100 steps" else 1) / under


def _steps(b: Behaviour) -> int:
    return b.steps


def _writes(b: Behaviour) -> int:
    return b.writes


def _searches(b: Behaviour) -> int:
    return b.searches


def _episodes(b: Behaviour) -> int:
    return b.episodes


LARGEST_PROMPT = "largest_prompt"

RATIOS: tuple[Ratio, ...] = (
    Ratio(
        "unproductive", "unproductive actions", "share", "lower", lambda b: b.unproductive, _steps
    ),
    Ratio("stuck", "  stuck", "share", "lower", lambda b: b.stuck, _steps),
    Ratio("oscillating", "  oscillating", "share", "lower", lambda b: b.oscillating, _steps),
    Ratio("invalid", "invalid actions", "share", "lower", lambda b: b.invalid_actions, _steps),
    Ratio(
        "redundant_writes",
        "redundant memory writes",
        "share",
        "lower",
        lambda b: b.duplicate_writes,
        _writes,
    ),
    Ratio(
        "redundant_writes_per_100_steps",
        "  the same, by steps",
        "per 100 steps",
        "lower",
        lambda b: b.duplicate_writes,
        _steps,
    ),
    Ratio(
        "empty_searches",
        "empty searches",
        "share",
        "lower",
        lambda b: b.empty.no_line + b.empty.empty_file + b.empty.missing_file,
        _searches,
    ),
    Ratio("empty_no_line", "  no line", "share", "lower", lambda b: b.empty.no_line, _searches),
    Ratio("empty_file", "  empty file", "share", "lower", lambda b: b.empty.empty_file, _searches),
    Ratio(
        "missing_file",
        "  missing file",
        "share",
        "lower",
        lambda b: b.empty.missing_file,
        _searches,
    ),
    Ratio(
        "input_tokens_per_step",
        "input context per step",
        "tokens",
        "lower",
        lambda b: b.input_tokens,
        _steps,
    ),
    Ratio(
        "input_tokens_per_call",
        "  per call",
        "tokens",
        "lower",
        lambda b: b.input_tokens,
        lambda b: b.calls,
    ),
    Ratio(
        "cached_tokens_per_step",
        "  of them cached, per step",
        "tokens",
        None,
        lambda b: b.cached_tokens,
        _steps,
    ),
    Ratio(
        LARGEST_PROMPT,
        "  largest prompt",
        "tokens",
        "lower",
        lambda b: b.largest_prompt,
        lambda b: 1 if b.calls else 0,
    ),
    Ratio(
        "log_writes_per_search",
        "writes per search in LOG",
        "ratio",
        "lower",
        lambda b: b.log_writes,
        lambda b: b.log_searches,
    ),
    Ratio(
        "consulted_writes",
        "consult before write",
        "share",
        "higher",
        lambda b: b.consulted_writes,
        lambda b: b.log_writes,
    ),
    Ratio(
        "growth_per_step",
        "memory growth per step",
        "characters",
        "lower",
        lambda b: b.grown.llm + b.grown.code,
        _steps,
    ),
    Ratio("growth_llm", "  by the model", "characters", "lower", lambda b: b.grown.llm, _steps),
    Ratio("growth_code", "  by code", "characters", "lower", lambda b: b.grown.code, _steps),
    Ratio(
        "written_per_step",
        "  written in all",
        "characters",
        "lower",
        lambda b: b.written.llm + b.written.code,
        _steps,
    ),
    Ratio(
        "reread", "lines read again", "share", "higher", lambda b: b.reread_lines, lambda b: b.lines
    ),
    Ratio(
        "reread_age",
        "  age when first read again",
        "steps",
        None,
        lambda b: b.reread_age,
        lambda b: b.reread_lines,
    ),
    Ratio("dead_lines", "  dead, per episode", "lines", "lower", lambda b: b.dead_lines, _episodes),
)


def measures_of(counts: Behaviour) -> Mapping[str, float | None]:
    """Name -> value of every measure; None where there is nothing to divide by."""
    return {ratio.name: ratio.value(counts) for ratio in RATIOS}


def behaviour_summary(episodes: Sequence[Behaviour]) -> BehaviourSummary:
    """The measures over at least one episode: as mean over episodes and as ratio of sums."""
    sums = behaviour_sums(episodes)
    return BehaviourSummary(
        sums=sums, measures=tuple([_measure(ratio, episodes, sums) for ratio in RATIOS])
    )


def behaviour_sums(episodes: Sequence[Behaviour]) -> Behaviour:
    """The counts of all episodes together; of the largest prompt, the largest."""
    sums: dict[str, int] = {
        name: sum(getattr(episode, name) for episode in episodes)
        for name in Behaviour.__struct_fields__
        if name not in ("empty", "grown", "written", LARGEST_PROMPT)
    }
    empties = [episode.empty for episode in episodes]
    return Behaviour(
        **sums,
        largest_prompt=max((episode.largest_prompt for episode in episodes), default=0),
        empty=EmptySearches(
            no_line=sum(empty.no_line for empty in empties),
            empty_file=sum(empty.empty_file for empty in empties),
            missing_file=sum(empty.missing_file for empty in empties),
        ),
        grown=_together([episode.grown for episode in episodes]),
        written=_together([episode.written for episode in episodes]),
    )


def _measure(ratio: Ratio, episodes: Sequence[Behaviour], sums: Behaviour) -> Measure:
    found = [ratio.value(episode) for episode in episodes]
    values = [value for value in found if value is not None]
    macro, error = mean_and_error(values) if values else (None, None)
    return Measure(
        name=ratio.name,
        title=ratio.title.strip(),
        unit=ratio.unit,
        better=ratio.better,
        macro=macro,
        macro_error=error,
        micro=ratio.value(sums),
        episodes=len(values),
    )


def _together(parts: Sequence[ByActor]) -> ByActor:
    return ByActor(llm=sum(part.llm for part in parts), code=sum(part.code for part in parts))
