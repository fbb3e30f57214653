"""The ledger: one line for each scaffold or recipe that was tried, and what came of it."""

from __future__ import annotations

from typing import Literal

from automem.records._struct import Record
from automem.records.gate import Pair
from automem.records.review import Spent
from automem.records.training import LoraSettings

LedgerKind = Literal["scaffold", "recipe"]
TrialVerdict = Literal["kept", "dropped", "refused", "no_proposal"]


class PlayCost(Record):
    """What episodes came to; those that were there already are not counted again."""

    episodes: int = 0
    steps: int = 0
    tokens: int = 0
    cost: float | None = 0.0
    """US dollars; None where a price is unknown."""
    seconds: float = 0.0
    """Sum over episodes, however many were played at once."""

    def __add__(self, other: PlayCost) -> PlayCost:
        known = self.cost is not None and other.cost is not None
        return PlayCost(
            episodes=self.episodes + other.episodes,
            steps=self.steps + other.steps,
            tokens=self.tokens + other.tokens,
            cost=(self.cost or 0.0) + (other.cost or 0.0) if known else None,
            seconds=self.seconds + other.seconds,
        )


class GateStage(Record):
    """One judgment of the gate, and the pairs that were new to it."""

    stage: str
    decision: Literal["keep", "drop", "more"]
    why: str
    fresh: bool = False
    """Whether the new pairs are of seeds that no earlier candidate was played on."""
    pairs: tuple[Pair, ...]
    """New since the judgment before."""
    before: float
    """Mean progression over all pairs so far, percent; likewise `after`."""
    after: float
    difference: float
    """Points of progression."""
    p: float | None = None
    """One-sided, where the stage computes one."""


class WithoutCode(Record):
    """What is kept, also played without `perceive` and `guard`."""

    mean: float
    """Percent; over the search seeds."""
    standard_error: float | None
    with_code: float
    """The mean of the same seeds with them."""
    evaluations: tuple[str, ...]


class Trained(Record):
    """What a trainer made of a recipe."""

    adapter: str
    """Key of the adapter: the name of its folder in `adapters/`."""
    data: str
    """Hash of the data set."""
    trainer: str
    base: str
    """The base model, as the configuration names it."""
    lora: LoraSettings
    examples: int
    steps: int
    first_loss: float
    """Mean over the first tenth of the steps, nats a token; `last_loss` over the last tenth."""
    last_loss: float
    seconds: float
    """Wall time of the training."""


class Trial(Record):
    """One line of the ledger."""

    kind: LedgerKind = "scaffold"
    at: str
    """When the verdict was reached; ISO 8601, UTC."""
    settings: str
    """A hash of all that makes results comparable: game, agent, roles, limits of an episode."""
    revision: int
    """Of a scaffold; the iteration of a recipe."""
    attempt: int
    """Of a revision; the place of the configuration in a recipe."""
    places: int = 1
    """Lines that its recipe gets in all: one for each configuration."""
    continuation: int = 0
    """0 for a fresh attempt; n for the n-th that was shown its own failed result."""
    review: str
    """The review's folder in the run, such as `reviews/001-a`."""
    parent: str
    """Content hash of the scaffold that it was to improve, or that a recipe was played with."""
    parent_name: str = ""
    candidate: str = ""
    """Content hash of the scaffold, or key of the adapter, that came of it; empty for none."""
    candidate_name: str = ""
    change: str = ""
    """The change in one line, by whoever made it."""
    verdict: TrialVerdict
    why: str
    """The gate's sentence, the check's problems, or why there is no proposal."""
    gate: str = ""
    stages: tuple[GateStage, ...] = ()
    fresh: tuple[int, ...] = ()
    """Fresh seeds that were begun with it, also those on which it failed and has no pair."""
    evaluations: tuple[str, ...] = ()
    """Keys of what was played with the candidate."""
    without_code: WithoutCode | None = None
    trained: Trained | None = None
    """Of a recipe, once its adapter is made."""
    mean: float | None = None
    """Of a specialist that is kept: over all search seeds, percent."""
    review_cost: Spent = Spent()
    play_cost: PlayCost = PlayCost()
    """Of the candidate, and of the incumbent on fresh seeds."""

    @property
    def name(self) -> str:
        """`001-a`, as the review's folder is called; `t001-a1` for the first of a recipe."""
        folder = self.review.rpartition("/")[2]
        return f"{folder}{self.attempt}" if self.kind == "recipe" else folder

    @property
    def p(self) -> float | None:
        """The p of the last judgment."""
        return self.stages[-1].p if self.stages else None

    @property
    def difference(self) -> float | None:
        """Points of progression over all pairs; None where nothing was played."""
        return self.stages[-1].difference if self.stages else None

    @property
    def fresh_seeds(self) -> frozenset[int]:
        """Seeds that are fresh for no later candidate."""
        judged = [pair.seed for stage in self.stages if stage.fresh for pair in stage.pairs]
        return frozenset([*self.fresh, *judged])

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """All pairs of all stages."""
        return tuple([pair for stage in self.stages for pair in stage.pairs])
