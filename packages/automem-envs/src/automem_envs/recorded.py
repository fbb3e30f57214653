"""Recorded observations of each game, on which candidate scaffolds are tried.

The first and last steps of episodes of seed 7, which no configuration of this project plays.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def crafter() -> list[Path]:
    """Daylight, night and death."""
    return _traces("crafter")


def nethack() -> list[Path]:
    """The first level, and some hundred steps later."""
    return _traces("nethack")


def minihack() -> list[Path]:
    """Every task but the two of Boxoban, whose levels do not come with the package."""
    return _traces("minihack")


def _traces(game: str) -> list[Path]:
    return sorted((HERE / game / "recorded").glob("*.jsonl.zst"))
