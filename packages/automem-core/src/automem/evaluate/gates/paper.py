"""The published gate: the mean improves on the seeds that everything is judged by."""

from __future__ import annotations

from collections.abc import Sequence

from automem.evaluate.gates.figures import figures_of
from automem.evaluate.gates.options import PaperOptions
from automem.records.gate import Pair, Verdict


class PaperGate:
    """Keeps whatever has a larger mean; here for comparison, because it keeps noise too."""

    def __init__(self, options: PaperOptions | None = None) -> None:
        self._options = options or PaperOptions()

    @property
    def most_seeds(self) -> int:
        """All its seeds; it never stops early."""
        return self._options.seeds

    def judge(self, pairs: Sequence[Pair]) -> Verdict:
        """Keep or drop once all seeds are played."""
        figures = figures_of(pairs)
        if figures.seeds < self._options.seeds:
            return figures.more("mean", self._options.seeds)
        if not figures.better:
            return figures.dropped("mean", "the mean is not larger")
        return Verdict(
            decision="keep",
            stage="mean",
            why=f"the mean is larger: {figures.text}",
            mean_difference=figures.mean,
        )
