"""The NetHack scaffolds that come with the package, as folders of texts."""

from __future__ import annotations

from pathlib import Path

__all__ = ["nethack_full", "nethack_map", "nethack_v0"]


def nethack_v0() -> Path:
    """Seven files, rules and symbols written in advance: where every revision starts from."""
    return Path(__file__).parent / "nethack-v0"


def nethack_map() -> Path:
    """A map keyed by level and place, goals shown in every prompt, a log that keeps its size."""
    return Path(__file__).parent / "nethack-map"


def nethack_full() -> Path:
    """What `nethack-map` has, and code: every lever of memory, perception and action."""
    return Path(__file__).parent / "nethack-full"
