"""What one call of `automem` carries from its options to the place that reports its errors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Invocation:
    """Filled by the group's options and by the command, read when something fails."""

    arguments: tuple[str, ...] = ()
    """What was typed after `automem`."""
    verbose: bool = False
    debug: bool = False
    log: Path | None = None
    """Where the command logs, once it knows."""
    resume: str = ""
    """The command that goes on where this one stopped."""
