"""A turn that was not taken, and why: what is later needed to judge the labels themselves."""

from __future__ import annotations

from typing import Literal

from automem.records._struct import Record

RejectReason = Literal[
    "excluded",
    "handoff",
    "report_seed",
    "phase",
    "episode",
    "not_named",
    "no_score",
    "score_failed",
    "below_threshold",
    "share",
    "cleaning",
]
"""share: better ones, or others of its shape or episode, were chosen before it; cleaning: a rule
dropped it, or it failed a check."""


class Reject(Record):
    """One line of `rejected.jsonl.zst`: a turn that was not taken, and why."""

    id: str
    reason: RejectReason
    detail: str = ""
    score: float | None = None
    shape: str
    stratum: str
