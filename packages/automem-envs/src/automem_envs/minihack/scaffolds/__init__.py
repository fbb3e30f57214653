"""The MiniHack scaffolds that come with the package, as folders of texts."""

from __future__ import annotations

from pathlib import Path

__all__ = ["minihack_full", "minihack_map", "minihack_v0"]


def minihack_v0() -> Path:
    """Six files, rules and symbols written in advance: where every revision starts from."""
    return Path(__file__).parent / "minihack-v0"


def minihack_map() -> Path:
    """A map keyed by level and place, goals shown in every prompt, a log that keeps its size."""
    return Path(__file__).parent / "minihack-map"


def minihack_full() -> Path:
    """What `minihack-map` has, and code: every lever of memory, perception and action."""
    return Path(__file__).parent / "minihack-full"
