"""What is to be said of the rank of a recipe: engines serve it in the room of the next one."""

from __future__ import annotations

from automem.records.training import LoraSettings, served_rank


def rank_note(lora: LoraSettings) -> str:
    """What is to be said of a rank that takes more room than it needs; empty for the others."""
    served = served_rank(lora.rank)
    if served == lora.rank:
        return ""
    return f"rank {lora.rank} is served in the room of rank {served}; {served} costs no more there"
