"""How far a training is, on standard error: one line that changes, or lines in a log."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from automem_tiny.training.learner import Sums

STEPS: Final = 20
"""Between two lines."""


@dataclass(slots=True)
class Teller:
    """Adds up steps and tells of them."""

    step: int
    steps: int
    _sums: list[float] = field(default_factory=lambda: [0.0] * 4)
    _since: float = field(default_factory=time.monotonic)
    _told: int = field(init=False)

    def __post_init__(self) -> None:
        self._told = self.step

    def tell(self, step: int, sums: Sums) -> None:
        """Tell of the steps up to this one, if it is time."""
        added = (sums.loss, sums.reply, sums.replies, sums.tokens)
        self._sums = [old + new for old, new in zip(self._sums, added, strict=True)]
        if step % STEPS and step != self.steps:
            return
        loss, reply, replies, tokens = self._sums
        seconds, count = max(1e-9, time.monotonic() - self._since), step - self._told
        left = (self.steps - step) * seconds / count
        line = (
            f"step {step}/{self.steps}  loss {loss / count:.3f}  "
            f"reply {reply / max(1.0, replies):.4f}  {tokens / seconds:,.0f} tokens/s  "
            f"{left // 60:.0f}:{left % 60:02.0f} left"
        )
        sys.stderr.write(f"\r{line}\x1b[K" if sys.stderr.isatty() else f"{line}\n")
        sys.stderr.flush()
        self._sums, self._since, self._told = [0.0] * 4, time.monotonic(), step

    def close(self) -> None:
        """End the line."""
        if sys.stderr.isatty():
            sys.stderr.write("\n")
