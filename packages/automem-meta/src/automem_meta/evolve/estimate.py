"""`--estimate`: what the loop will come to, from the plan and from what was measured before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from automem.evaluate.episodes import read_result
from automem.evaluate.replay import read_plan
from automem.models.cost import Price, cost, price_of
from automem.models.roles import resolve_roles
from automem.records._struct import Record
from automem.records.config import RunConfig
from automem.records.model import Usage
from automem.records.result import EpisodeResult
from automem.records.review import Spent
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger
from automem.scaffold.find import find_scaffold
from automem.scaffold.load import load_scaffold
from automem_meta.evolve.foretelling import Ahead, at_most, if_nothing_helps
from automem_meta.evolve.opening import Opened
from automem_meta.evolve.playing import Player
from automem_meta.evolve.state import Version, versions


class Amounts(Record):
    """What some work comes to; None where nothing was measured that says so."""

    tries: float
    episodes: float
    steps: float | None
    calls: float | None
    tokens: float | None
    cost: float | None
    """US dollars."""
    hours: float | None
    """With so many episodes at once as a stage has."""
    review_turns: float | None
    review_tokens: float | None
    review_cost: float | None
    review_hours: float | None


class Estimate(Record):
    """What is left to be done."""

    if_nothing_helps: Amounts
    """Where no change has an effect, which is the least a loop does before it gives up."""
    at_most: Amounts
    """Where each revision takes all its tries, and each is judged to the end."""
    report_episodes: int
    """That `--report` plays afterwards, with as many versions as may be kept."""
    measured_episodes: int
    measured_in: str
    """The run whose episodes were measured; empty where there are none."""
    notes: tuple[str, ...]


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


def estimate(opened: Opened, player: Player, source: RunFolder) -> Estimate:
    """Count what is left, and multiply it with what was measured in the run `source`.

    Nothing is written. Raises ScaffoldError, RunError.
    """
    trials = read_ledger(opened.run.ledger, "scaffold")
    measured = measure(source, opened.config)
    given = find_scaffold(
        opened.config.scaffold.source, opened.plugins.scaffolds(), opened.plugins.load
    )
    first = load_scaffold(given)
    root = Version(first.hash, first.manifest.name, 0)
    champion = versions(root, trials)[-1]
    folder = given if champion == root else player.folder(champion)
    unplayed = len(opened.tasks) * sum(not player.has(folder, seed) for seed in opened.search)
    reviews = [trial.review_cost for trial in trials]
    nothing = if_nothing_helps(opened.gate, opened.section, root, trials)
    most = at_most(opened.needs, opened.section, root, trials)
    return Estimate(
        if_nothing_helps=_amounts(opened, nothing, unplayed, measured, _mean_review(reviews)),
        at_most=_amounts(opened, most, unplayed, measured, _most_review(opened)),
        report_episodes=len(opened.report) * len(opened.tasks) * (opened.section.revisions + 1),
        measured_episodes=measured.episodes if measured else 0,
        measured_in=str(source.path) if measured else "",
        notes=tuple(_notes(opened, measured, reviews)) if most.tries else (),
    )


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


def _amounts(
    opened: Opened, ahead: Ahead, unplayed: int, measured: Measured | None, review: _Review
) -> Amounts:
    episodes = unplayed + ahead.seeds * len(opened.tasks)
    at_once = min(
        opened.config.evaluation.episodes_at_once or 10_000, len(opened.tasks) * _stage(opened)
    )
    price = _price(opened.config)
    tokens = dollars = None
    if measured is not None:
        usage = measured.usage
        each = (usage.input_tokens + usage.output_tokens) / measured.episodes
        tokens = episodes * each
        one = measured.cost if price is None else cost(usage, price) / measured.episodes
        dollars = None if one is None else episodes * one
    return Amounts(
        tries=ahead.tries,
        episodes=episodes,
        steps=episodes * measured.steps if measured else _most_steps(opened, episodes),
        calls=episodes * measured.calls if measured else None,
        tokens=tokens,
        cost=dollars,
        hours=episodes * measured.seconds / at_once / 3600 if measured else None,
        review_turns=_times(ahead.tries, review.turns),
        review_tokens=_times(ahead.tries, review.tokens),
        review_cost=_times(ahead.tries, review.cost),
        review_hours=_times(ahead.tries / 3600, review.seconds),
    )


def _stage(opened: Opened) -> int:
    """Seeds that are played at once."""
    return max(1, opened.gate.judge([]).seeds)


def _most_steps(opened: Opened, episodes: float) -> float | None:
    most = opened.config.environment.max_steps
    return None if most is None else episodes * most


def _price(config: RunConfig) -> Price | None:
    """The price of the model of both roles; None where they differ, or it is not known."""
    roles = resolve_roles(config.roles)
    prices = {role: price_of(section.model, section.price) for role, section in roles.items()}
    return prices["memory"] if prices["memory"] == prices["gameplay"] else None


@dataclass(frozen=True, slots=True)
class _Review:
    """What one review takes; None where that is not known, or has no limit."""

    turns: float | None = None
    tokens: float | None = None
    cost: float | None = None
    seconds: float | None = None


def _mean_review(reviews: list[Spent]) -> _Review:
    n = len(reviews)
    if not n:
        return _Review()
    known = [review.cost for review in reviews if review.cost is not None]
    return _Review(
        turns=sum(review.turns for review in reviews) / n,
        tokens=sum(review.tokens for review in reviews) / n,
        cost=sum(known) / n if len(known) == n else None,
        seconds=sum(review.seconds for review in reviews) / n,
    )


def _most_review(opened: Opened) -> _Review:
    """What the budget of a review allows."""
    budget = opened.section.review
    return _Review(budget.turns, budget.tokens, budget.cost, budget.seconds)


def _times(tries: float, each: float | None) -> float | None:
    if not tries:
        return 0.0
    return None if each is None else tries * each


def _notes(opened: Opened, measured: Measured | None, reviews: list[Spent]) -> Iterator[str]:
    if measured is None:
        yield (
            "no episode of this game was measured, so calls, tokens, money and hours are not "
            "known; name a run that has some with --measured-in, such as one of `automem eval`"
        )
    elif measured.cost is None and _price(opened.config) is None:
        yield "the price of the player's model is not known, so its money is not"
    if not reviews:
        yield "no review was held in this run, so only its budget is known"
    budget = opened.section.review
    if opened.section.model and budget.tokens is None and budget.cost is None:
        yield "a review has no limit on tokens or money; set one in [evolve.review]"
