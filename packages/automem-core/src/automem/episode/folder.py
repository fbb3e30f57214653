"""The files of one episode."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EpisodeFolder:
    """What is in `episodes/<task>/<seed>/`."""

    path: Path

    @property
    def trace(self) -> Path:
        """The growing trace."""
        return self.path / "trace.jsonl"

    @property
    def compacted(self) -> Path:
        """The finished trace, compressed, with a step index."""
        return self.path / "trace.jsonl.zst"

    @property
    def memory(self) -> Path:
        """The memory folder as it is now."""
        return self.path / "memory"

    @property
    def result(self) -> Path:
        """Written last: exists means that the episode is complete."""
        return self.path / "result.json"
