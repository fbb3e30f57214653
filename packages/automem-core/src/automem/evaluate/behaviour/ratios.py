"""The measures by name: which counts each divides, in which unit, and which way is better."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from automem.records.behaviour import Behaviour, Better, Unit

Count = Callable[[Behaviour], int]


class Ratio(NamedTuple):
    """How one measure is made of counts."""

    name: str
    title: str
    unit: Unit
    better: Better | None
    over: Count
    under: Count
    part_of: str = ""

    def value(self, counts: Behaviour) -> float | None:
        """The measure of these counts; None where there is nothing to divide by."""
        under = self.under(counts)
        if not under:
            return None
        return self.over(counts) * (100 if self.unit == "per 100 steps" else 1) / under


LARGEST_PROMPT = "largest_prompt"


def _steps(b: Behaviour) -> int:
    return b.steps


def _writes(b: Behaviour) -> int:
    return b.writes


def _searches(b: Behaviour) -> int:
    return b.searches


def _duplicates(b: Behaviour) -> int:
    return b.duplicate_writes


def _empty(b: Behaviour) -> int:
    return b.empty.no_line + b.empty.empty_file + b.empty.missing_file


def _grown(b: Behaviour) -> int:
    return b.grown.llm + b.grown.code


def _written(b: Behaviour) -> int:
    return b.written.llm + b.written.code


def _any_call(b: Behaviour) -> int:
    return min(b.calls, 1)


_PROGRESS = (
    Ratio(
        "unproductive", "unproductive actions", "share", "lower", lambda b: b.unproductive, _steps
    ),
    Ratio("stuck", "stuck", "share", "lower", lambda b: b.stuck, _steps, "unproductive"),
    Ratio(
        "oscillating",
        "oscillating",
        "share",
        "lower",
        lambda b: b.oscillating,
        _steps,
        "unproductive",
    ),
    Ratio("invalid", "invalid actions", "share", "lower", lambda b: b.invalid_actions, _steps),
)
_WRITES = (
    Ratio("redundant_writes", "redundant memory writes", "share", "lower", _duplicates, _writes),
    Ratio(
        "redundant_writes_by_step",
        "by steps",
        "per 100 steps",
        "lower",
        _duplicates,
        _steps,
        "redundant_writes",
    ),
)
_SEARCHES = (
    Ratio("empty_searches", "empty searches", "share", "lower", _empty, _searches),
    Ratio(
        "no_line",
        "no line with the words",
        "share",
        "lower",
        lambda b: b.empty.no_line,
        _searches,
        "empty_searches",
    ),
    Ratio(
        "empty_file",
        "empty file",
        "share",
        "lower",
        lambda b: b.empty.empty_file,
        _searches,
        "empty_searches",
    ),
    Ratio(
        "missing_file",
        "missing file",
        "share",
        "lower",
        lambda b: b.empty.missing_file,
        _searches,
        "empty_searches",
    ),
)
_CONTEXT = (
    Ratio(
        "input_context",
        "input context per step",
        "tokens",
        "lower",
        lambda b: b.input_tokens,
        _steps,
    ),
    Ratio(
        "cached_context",
        "of it cached",
        "tokens",
        None,
        lambda b: b.cached_tokens,
        _steps,
        "input_context",
    ),
    Ratio(
        "input_per_call",
        "per call",
        "tokens",
        "lower",
        lambda b: b.input_tokens,
        lambda b: b.calls,
        "input_context",
    ),
    Ratio(
        LARGEST_PROMPT,
        "largest prompt",
        "tokens",
        "lower",
        lambda b: b.largest_prompt,
        _any_call,
        "input_context",
    ),
)
_LOG = (
    Ratio(
        "writes_per_search",
        "writes per search in LOG",
        "ratio",
        "lower",
        lambda b: b.log_writes,
        lambda b: b.log_searches,
    ),
    Ratio(
        "consulted_writes",
        "writes after looking in LOG",
        "share",
        "higher",
        lambda b: b.consulted_writes,
        lambda b: b.log_writes,
    ),
)
_GROWTH = (
    Ratio("growth", "memory growth per step", "characters", "lower", _grown, _steps),
    Ratio(
        "growth_llm", "by the model", "characters", "lower", lambda b: b.grown.llm, _steps, "growth"
    ),
    Ratio(
        "growth_code", "by code", "characters", "lower", lambda b: b.grown.code, _steps, "growth"
    ),
    Ratio("written", "written per step in all", "characters", "lower", _written, _steps, "growth"),
)
_READING = (
    Ratio(
        "reread",
        "written lines read again",
        "share",
        "higher",
        lambda b: b.reread_lines,
        lambda b: b.lines,
    ),
    Ratio(
        "reread_age",
        "age when first read again",
        "steps",
        None,
        lambda b: b.reread_age,
        lambda b: b.reread_lines,
        "reread",
    ),
    Ratio(
        "dead_lines",
        "dead notes an episode",
        "lines",
        "lower",
        lambda b: b.dead_lines,
        lambda b: b.episodes,
        "reread",
    ),
)
RATIOS: tuple[Ratio, ...] = (
    *_PROGRESS,
    *_WRITES,
    *_SEARCHES,
    *_CONTEXT,
    *_LOG,
    *_GROWTH,
    *_READING,
)
"""Every measure, in the order of tables."""
