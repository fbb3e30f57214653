"""Look before you write: the looks that led to a write, the writes after a look."""

from __future__ import annotations

from typing import Any


def score(turn: dict[str, Any]) -> float | None:
    """1 and what was gained after it: neither phase takes the other's place."""
    operations = turn["operations"]
    wrong = ("refused", "malformed", "missing", "duplicate")
    if turn["cut_off"] or any(one["outcome"] in wrong for one in operations):
        return None
    if turn["phase"] == "plan":
        return 1 + turn["gain"] if any(one["hits"] for one in operations) else None
    writes = [one for one in operations if one["lines"]]
    if any(one["duplicate"] for one in writes):
        return None
    consulted = bool(writes) and all(one["consulted"] for one in writes)
    led = not writes and any(one["led"] for one in operations)
    return 1 + turn["gain"] if consulted or led else None
