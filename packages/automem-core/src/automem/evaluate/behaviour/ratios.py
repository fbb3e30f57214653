"""The measures by name: which counts each divides, in which unit, and which way is better."""

from __future__ import annotations

from operator import attrgetter
from typing import NamedTuple

from automem.records.behaviour import Behaviour, Better, Unit

NOTHING = ""
EMPTY_SEARCHES = "empty.no_line empty.empty_file empty.missing_file"


class Ratio(NamedTuple):
    """How one measure is made of the counts of `Behaviour`."""

    name: str
    title: str
    unit: Unit
    better: Better | None
    over: str
    """Names of counts, to be added."""
    under: str
    """The count to divide by; empty where the count itself is the measure."""
    part_of: str = ""

    def value(self, counts: Behaviour) -> float | None:
        """The measure of these counts; None where there is nothing to divide by."""
        over = sum([_count(counts, name) for name in self.over.split()])
        if self.under == NOTHING:
            return float(over) or None
        under = _count(counts, self.under)
        if not under:
            return None
        return over * (100 if self.unit == "per 100 steps" else 1) / under


_PROGRESS = (
    Ratio("unproductive", "unproductive actions", "share", "lower", "unproductive", "steps"),
    Ratio("stuck", "stuck", "share", "lower", "stuck", "steps", "unproductive"),
    Ratio("oscillating", "oscillating", "share", "lower", "oscillating", "steps", "unproductive"),
    Ratio("invalid", "invalid actions", "share", "lower", "invalid_actions", "steps"),
)
_WRITES = (
    Ratio(
        "redundant_writes",
        "redundant memory writes",
        "share",
        "lower",
        "duplicate_writes",
        "writes",
    ),
    Ratio(
        "redundant_writes_by_step",
        "by steps",
        "per 100 steps",
        "lower",
        "duplicate_writes",
        "steps",
        "redundant_writes",
    ),
)
_SEARCHES = (
    Ratio("empty_searches", "empty searches", "share", "lower", EMPTY_SEARCHES, "searches"),
    Ratio(
        "no_line",
        "no line with the words",
        "share",
        "lower",
        "empty.no_line",
        "searches",
        "empty_searches",
    ),
    Ratio(
        "empty_file",
        "empty file",
        "share",
        "lower",
        "empty.empty_file",
        "searches",
        "empty_searches",
    ),
    Ratio(
        "missing_file",
        "missing file",
        "share",
        "lower",
        "empty.missing_file",
        "searches",
        "empty_searches",
    ),
)
_CONTEXT = (
    Ratio("input_context", "input context per step", "tokens", "lower", "input_tokens", "steps"),
    Ratio("cached", "of it cached", "tokens", None, "cached_tokens", "steps", "input_context"),
    Ratio("per_call", "per call", "tokens", "lower", "input_tokens", "calls", "input_context"),
    Ratio(
        "largest_prompt",
        "largest prompt",
        "tokens",
        "lower",
        "largest_prompt",
        NOTHING,
        "input_context",
    ),
)
_LOG = (
    Ratio(
        "writes_per_search",
        "writes per search in LOG",
        "ratio",
        "lower",
        "log_writes",
        "log_searches",
    ),
    Ratio(
        "consulted_writes",
        "consulted writes in LOG",
        "share",
        "higher",
        "consulted_writes",
        "log_writes",
    ),
)
_GROWTH = (
    Ratio(
        "growth", "memory growth per step", "characters", "lower", "grown.llm grown.code", "steps"
    ),
    Ratio("growth_llm", "by the model", "characters", "lower", "grown.llm", "steps", "growth"),
    Ratio("growth_code", "by code", "characters", "lower", "grown.code", "steps", "growth"),
    Ratio(
        "written",
        "ever written",
        "characters",
        "lower",
        "written.llm written.code",
        "steps",
        "growth",
    ),
)
_READING = (
    Ratio("reread", "written lines read again", "share", "higher", "reread_lines", "lines"),
    Ratio(
        "reread_age",
        "age when first read",
        "steps",
        None,
        "reread_age",
        "reread_lines",
        "reread",
    ),
    Ratio(
        "dead_lines", "dead notes an episode", "lines", "lower", "dead_lines", "episodes", "reread"
    ),
)
RATIOS = (*_PROGRESS, *_WRITES, *_SEARCHES, *_CONTEXT, *_LOG, *_GROWTH, *_READING)
"""Every measure, in the order of tables."""


def _count(counts: Behaviour, name: str) -> int:
    return attrgetter(name)(counts)
