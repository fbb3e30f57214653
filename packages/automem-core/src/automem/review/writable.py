"""Which files a kind of review may write, and how what it has written is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ANALYSIS = "analysis.md"
METHOD = "method.md"
REPORTS = (ANALYSIS, METHOD)
"""Of every kind; they stand beside the overlay's folder."""


@dataclass(frozen=True, slots=True)
class Writable:
    """The allow-list of an overlay."""

    said: str
    """All of it, as a meta-LLM is told of it; without the reports, which are always allowed."""
    refused: Callable[[str], str]
    """Why a name of a file may not be written; empty where it may."""
    read: Callable[[Path], dict[str, str]]
    """Name -> text of what stands in the folder. Raises AutoMemError where it is damaged."""
    lasting: Mapping[str, str] = field(default_factory=dict[str, str])
    """Files that cannot be removed -> why."""

    @property
    def names(self) -> str:
        """What may be written, the reports too."""
        return ", ".join((self.said, *REPORTS))
