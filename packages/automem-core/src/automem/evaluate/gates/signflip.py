"""One exact test over the search seeds, with an early end for what is hopeless."""

from __future__ import annotations

from collections.abc import Sequence

from automem.evaluate.gates.figures import figures_of
from automem.evaluate.gates.options import SignFlipOptions
from automem.evaluate.gates.signs import p_better
from automem.records.gate import Pair, Verdict


class SignFlipGate:
    """Keeps what sign flips alone would reach with a probability of at most `alpha`."""

    def __init__(self, options: SignFlipOptions | None = None) -> None:
        self._options = options or SignFlipOptions()

    @property
    def most_seeds(self) -> int:
        """All its seeds."""
        return self._options.seeds

    def judge(self, pairs: Sequence[Pair]) -> Verdict:
        """Keep or drop once all seeds are played; drop earlier what is hopeless."""
        options = self._options
        figures = figures_of(pairs)
        if figures.futile(options.futility_from):
            return figures.dropped("futility", "mean + 1 SE is below zero")
        if figures.seeds < options.seeds:
            wanted = min(options.seeds, figures.seeds + options.look_every)
            return figures.more("test", wanted)
        p = p_better(figures.differences)
        kept = p <= options.alpha
        return Verdict(
            decision="keep" if kept else "drop",
            stage="test",
            why=f"{figures.text}, one-sided p {p:.2g} "
            f"{'at most' if kept else 'above'} {options.alpha}",
            mean_difference=figures.mean,
            p=p,
        )
