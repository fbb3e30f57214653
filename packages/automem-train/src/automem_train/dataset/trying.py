"""What a selection would come to: every step that makes a data set, but nothing is written."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field

from automem.processes.jail import JailLevel
from automem.records._struct import Record
from automem.run.layout import RunFolder
from automem_train.dataset.making import fill
from automem_train.dataset.record import DataReport, Example
from automem_train.select.reject import Reject
from automem_train.select.selection import Chooser

SHOWN = 10


class Tryout(Record):
    """A data set that was not made."""

    report: DataReport
    """Without a hash, and nothing is proven."""
    shortfall: str
    """What is missing to the selection's minimum; empty where nothing is."""
    sample: tuple[Example, ...]
    """A few examples drawn by chance, the same ones for the same seed."""


@dataclass(slots=True)
class _Sampling:
    """Keeps the examples whose ids come first in an order that has nothing to do with them."""

    seed: int
    drawn: list[tuple[bytes, Example]] = field(default_factory=list[tuple[bytes, Example]])

    def example(self, example: Example) -> None:
        """Keep it while it is among the first."""
        self.drawn.append((hashlib.sha256(f"{self.seed} {example.id}".encode()).digest(), example))
        self.drawn.sort(key=lambda pair: pair[0])
        del self.drawn[SHOWN:]

    def reject(self, reject: Reject) -> None:
        """The report counts them."""


async def try_data(
    run: RunFolder,
    chooser: Chooser,
    *,
    within: Collection[str] = (),
    seed: int = 0,
    level: JailLevel | None = None,
) -> Tryout:
    """Go through a selection as `build_data` does; it is not refused for having too few.

    Raises DataError, TraceError, ScaffoldError, JailError.
    """
    sampling = _Sampling(seed)
    filled = await fill(run, chooser, sampling, within=within, level=level)
    return Tryout(
        report=filled.report,
        shortfall=filled.shortfall,
        sample=tuple([example for _, example in sampling.drawn]),
    )
