"""What the tools of a review work with: what may be looked at, and what may be changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from automem.plugins import Plugins
from automem.records.review import ReviewTask
from automem.review.library import OUTPUTS, Library
from automem.review.overlay import Overlay
from automem.review.view import View
from automem.run.layout import RunFolder


@dataclass(frozen=True, slots=True)
class Workplace:
    """One review's own."""

    folder: Path
    """The review's."""
    run: RunFolder
    plugins: Plugins
    task: ReviewTask
    view: View
    """Read-only."""
    overlay: Overlay
    library: Library
    """Every text of both, by name."""

    @property
    def outputs(self) -> Path:
        """Where long outputs of programs are kept, to be read on."""
        return self.folder / OUTPUTS
