"""Which ranks engines serve: an adapter takes the place of the next one that there is."""

from __future__ import annotations

from typing import Final

from automem.records.training import LoraSettings

SERVED: Final = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM can be started with; the others take any rank."""


def served_rank(rank: int) -> int:
    """The rank that an engine keeps room for, at least as large; `rank` is at most the largest."""
    return next(served for served in SERVED if served >= rank)


def rank_note(lora: LoraSettings) -> str:
    """What is to be said of a rank that takes more room than it needs; empty for the others."""
    served = served_rank(lora.rank)
    if served == lora.rank:
        return ""
    return f"rank {lora.rank} is served in the room of rank {served}; {served} costs no more there"
