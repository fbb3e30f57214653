"""`--estimate`: what the loop will come to, from the plan and from what was measured before."""

from __future__ import annotations

from collections.abc import Iterator

from automem.loops.loop import Amounts, LoopEstimate
from automem.loops.measured import (
    Measured,
    ReviewMeans,
    mean_review,
    measure,
    most_review,
    price_of_play,
)
from automem.loops.playing import Player, Side
from automem.loops.versions import Version, versions
from automem.models.cost import cost
from automem.records.review import Spent
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger
from automem.scaffold.find import find_scaffold
from automem.scaffold.load import load_scaffold
from automem_meta.evolve.foretelling import Ahead, at_most, if_nothing_helps
from automem_meta.evolve.opening import Opened


def estimate(opened: Opened, player: Player, source: RunFolder) -> LoopEstimate:
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
    folder = given if champion == root else player.folder(champion.hash)
    unplayed = len(opened.tasks) * sum(not player.has(Side(folder), seed) for seed in opened.search)
    reviews = [trial.review_cost for trial in trials]
    nothing = if_nothing_helps(opened.gate, opened.section, root, trials)
    most = at_most(opened.needs, opened.section, root, trials)
    return LoopEstimate(
        if_nothing_helps=_amounts(opened, nothing, unplayed, measured, mean_review(reviews)),
        at_most=_amounts(opened, most, unplayed, measured, most_review(opened.section.review)),
        kept=sum(trial.verdict == "kept" for trial in trials),
        may_keep=opened.section.revisions,
        report_episodes=len(opened.report) * len(opened.tasks) * (opened.section.revisions + 1),
        measured_episodes=measured.episodes if measured else 0,
        measured_in=str(source.path) if measured else "",
        notes=tuple(_notes(opened, measured, reviews)) if most.tries else (),
    )


def _amounts(
    opened: Opened, ahead: Ahead, unplayed: int, measured: Measured | None, review: ReviewMeans
) -> Amounts:
    episodes = unplayed + ahead.seeds * len(opened.tasks)
    at_once = min(
        opened.config.evaluation.episodes_at_once or 10_000, len(opened.tasks) * _stage(opened)
    )
    price = price_of_play(opened.config)
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
    elif measured.cost is None and price_of_play(opened.config) is None:
        yield "the price of the player's model is not known, so its money is not"
    if not reviews:
        yield "no review was held in this run, so only its budget is known"
    budget = opened.section.review
    if opened.section.model and budget.tokens is None and budget.cost is None:
        yield "a review has no limit on tokens or money; set one in [evolve.review]"
