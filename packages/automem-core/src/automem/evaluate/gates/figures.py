"""What every gate reads off its pairs: seeds, mean difference, whether it is futile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automem.evaluate.statistics import mean_and_error
from automem.records.gate import Pair, Verdict

TIE = 1e-9
"""Means that are equal on paper may differ by rounding."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Pairs summed up. A game with several tasks has several pairs of a seed."""

    pairs: int
    seeds: int
    differences: tuple[float, ...]
    mean: float
    error: float | None

    @property
    def text(self) -> str:
        """Points of progression over how many pairs."""
        error = "" if self.error is None else f" +- {100 * self.error:.2f}"
        pairs = "pair" if self.pairs == 1 else "pairs"
        return f"{100 * self.mean:+.2f}{error} points over {self.pairs} {pairs}"

    @property
    def better(self) -> bool:
        """Whether the mean difference is positive."""
        return self.mean > TIE

    def futile(self, futility_from: int) -> bool:
        """Whether even mean + 1 SE is below zero, with enough pairs to say so."""
        if self.pairs < futility_from or self.error is None:
            return False
        return self.mean + self.error < 0

    def dropped(self, stage: str, why: str) -> Verdict:
        """The verdict against it."""
        return Verdict(
            decision="drop", stage=stage, why=f"{why}: {self.text}", mean_difference=self.mean
        )

    def more(self, stage: str, seeds: int, *, fresh: bool = False) -> Verdict:
        """The wish for so many seeds in all."""
        return Verdict(
            decision="more",
            seeds=seeds,
            fresh=fresh,
            stage=stage,
            why=f"{seeds} seeds are wanted" + (f"; {self.text} so far" if self.pairs else ""),
            mean_difference=self.mean if self.pairs else None,
        )


def figures_of(pairs: Sequence[Pair]) -> Figures:
    """Sum up pairs; none at all is allowed."""
    differences = tuple([pair.difference for pair in pairs])
    mean, error = mean_and_error(differences) if differences else (0.0, None)
    return Figures(
        pairs=len(pairs),
        seeds=len({pair.seed for pair in pairs}),
        differences=differences,
        mean=mean,
        error=error,
    )
