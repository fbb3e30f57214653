"""What an episode and a review took so far, from which what is left can be foretold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from automem.evaluate.episodes import read_result
from automem.evaluate.replay import read_plan
from automem.models.cost import Price, price_of
from automem.models.roles import resolve_roles
from automem.records.config import RunConfig
from automem.records.model import Usage
from automem.records.result import EpisodeResult
from automem.records.review import ReviewBudget, Spent
from automem.run.layout import RunFolder


@dataclass(frozen=True, slots=True)
class Measured:
    """Means over finished episodes of the same game."""

    episodes: int
    steps: float
    calls: float
    """Of an episode; likewise the others."""
    usage: Usage
    """Sums over all of them."""
    cost: float | None
    seconds: float


def measure(run: RunFolder, config: RunConfig) -> Measured | None:
    """What the finished episodes of the same game came to; None where there are none."""
    results = list(_results(run, config))
    if not results:
        return None
    n = len(results)
    costs = [result.totals.cost for result in results]
    known = [each for each in costs if each is not None]
    return Measured(
        episodes=n,
        steps=sum(result.totals.steps for result in results) / n,
        calls=sum(result.totals.calls for result in results) / n,
        usage=sum((result.totals.usage for result in results), Usage()),
        cost=sum(known) / n if len(known) == n else None,
        seconds=sum(result.totals.seconds for result in results) / n,
    )


def _results(run: RunFolder, config: RunConfig) -> Iterator[EpisodeResult]:
    for folder in run.evaluations():
        if not folder.plan.exists() or read_plan(folder).environment != config.environment.name:
            continue
        for episode in folder.episodes():
            result = read_result(episode)
            if result is not None:
                yield result


def price_of_play(config: RunConfig) -> Price | None:
    """The price of the model of both roles; None where they differ, or it is not known."""
    roles = resolve_roles(config.roles)
    prices = {role: price_of(section.model, section.price) for role, section in roles.items()}
    return prices["memory"] if prices["memory"] == prices["gameplay"] else None


@dataclass(frozen=True, slots=True)
class ReviewMeans:
    """What one review takes; None where that is not known, or has no limit."""

    turns: float | None = None
    tokens: float | None = None
    cost: float | None = None
    seconds: float | None = None


def mean_review(reviews: list[Spent]) -> ReviewMeans:
    """What the reviews of a run took on average."""
    n = len(reviews)
    if not n:
        return ReviewMeans()
    known = [review.cost for review in reviews if review.cost is not None]
    return ReviewMeans(
        turns=sum(review.turns for review in reviews) / n,
        tokens=sum(review.tokens for review in reviews) / n,
        cost=sum(known) / n if len(known) == n else None,
        seconds=sum(review.seconds for review in reviews) / n,
    )


def most_review(budget: ReviewBudget) -> ReviewMeans:
    """What the budget of a review allows."""
    return ReviewMeans(budget.turns, budget.tokens, budget.cost, budget.seconds)
