"""Consult before you write: looks that led to a write, writes after a look, notes read again."""

from __future__ import annotations

from typing import Any


def score(turn: dict[str, Any]) -> float | None:
    """A number, the higher the better; None for a turn that nothing is to be learned from."""
    operations = turn["operations"]
    if turn["cut_off"] or any(
        one["outcome"] in ("refused", "malformed", "missing", "duplicate") for one in operations
    ):
        return None
    if turn["phase"] == "plan":
        return 1 + turn["gain"] if any(one["hits"] for one in operations) else None
    if any(one["led"] for one in operations):
        return 1 + turn["gain"]
    writes = [one for one in operations if one["lines"]]
    if not writes or any(one["duplicate"] for one in writes):
        return None
    consulted = sum(one["consulted"] for one in writes) / len(writes)
    reread = sum(one["reread"] > 0 for one in writes) / len(writes)
    return consulted + 0.5 * reread + turn["gain"]
