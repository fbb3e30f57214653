"""The Crafter scaffolds that come with the package, as folders of texts."""

from __future__ import annotations

from pathlib import Path

__all__ = ["crafter_full", "crafter_map", "crafter_v0"]


def crafter_v0() -> Path:
    """Five append-style files that the agent searches: where every revision starts from."""
    return Path(__file__).parent / "crafter-v0"


def crafter_map() -> Path:
    """A keyed map, goals shown in every prompt, a log that keeps its size; structure only."""
    return Path(__file__).parent / "crafter-map"


def crafter_full() -> Path:
    """What `crafter-map` has, and code: every lever of memory, perception and action."""
    return Path(__file__).parent / "crafter-full"
