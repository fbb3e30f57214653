"""The default gate: cheap looks on the search seeds, then fresh seeds and one exact test.

A candidate that is no better costs eleven episodes on average, not twenty; and what is kept was
also better where nobody had looked before.
"""

from __future__ import annotations

from collections.abc import Sequence

from automem.evaluate.gates.figures import Figures, figures_of
from automem.evaluate.gates.options import TwoStageOptions
from automem.evaluate.gates.signs import p_better
from automem.records.gate import Pair, Verdict


class TwoStageGate:
    """Search seeds twice, fresh seeds once, then all pairs together."""

    def __init__(self, options: TwoStageOptions | None = None) -> None:
        self._options = options or TwoStageOptions()

    @property
    def most_seeds(self) -> int:
        """Search and fresh seeds of a candidate that is judged to the end."""
        return max(self._options.first, self._options.second) + self._options.fresh

    def judge(self, pairs: Sequence[Pair]) -> Verdict:
        """Drop at any look what is hopeless, after each stage what is not better."""
        options = self._options
        figures = figures_of(pairs)
        if figures.seeds >= self.most_seeds:
            return self._final(figures)
        if figures.futile(options.futility_from):
            return figures.dropped("futility", "mean + 1 SE is below zero")
        if figures.seeds in (options.first, options.second) and not figures.better:
            return figures.dropped(f"search {figures.seeds}", "the mean difference is not positive")
        stage, until = self._stage(figures.seeds)
        wanted = min(until, figures.seeds + options.look_every)
        return figures.more(stage, wanted, fresh=stage == "fresh")

    def _stage(self, seeds: int) -> tuple[str, int]:
        """What is played next, and until how many seeds in all."""
        options = self._options
        for name, until in (("first", options.first), ("second", options.second)):
            if seeds < until:
                return name, until
        return "fresh", self.most_seeds

    def _final(self, figures: Figures) -> Verdict:
        p = p_better(figures.differences)
        kept = p <= self._options.alpha
        return Verdict(
            decision="keep" if kept else "drop",
            stage="pooled",
            why=f"{figures.text}, one-sided p {p:.2g} "
            f"{'at most' if kept else 'above'} {self._options.alpha}",
            mean_difference=figures.mean,
            p=p,
        )
