"""What a loop will come to: seeds that a gate plays, times what an episode was measured to take."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from automem.loops.amounts import Episode, episode_of, times, together
from automem.loops.loop import Amounts
from automem.loops.measured import Measured, ReviewMeans, price_of_play
from automem.loops.opening import Opened
from automem.loops.section import LoopSection
from automem.protocols import Gate
from automem.records.gate import Pair
from automem.records.review import Spent

SIMULATED = 300
DIFFERENCE_SD = 0.12
"""Of one seed's difference. The gates that come along do not depend on it: only signs and ranks of
means count."""

NOT_MEASURED = (
    "no episode of this game was measured, so calls, tokens, money and hours are not known; name "
    "a run that has some with --measured-in, such as one of `automem eval`"
)
NOT_ASSUMED = (
    "no episode of this game was measured, so what [pipeline.assumed] does not say is not known; "
    "name a run that has some with --measured-in, such as one of `automem eval`"
)
NO_REVIEW = "no review was held in this run, so only its budget is known"


def seeds_of_noise(gate: Gate) -> float:
    """Seeds that a change without effect is played on, the incumbent's fresh ones included."""
    rng = random.Random(0)  # noqa: S311 - a simulation, not a secret
    seeds = 0
    for _ in range(SIMULATED):
        pairs: list[Pair] = []
        verdict = gate.judge(pairs)
        while verdict.decision == "more":
            more = verdict.seeds - len(pairs)
            seeds += more * (2 if verdict.fresh else 1)
            pairs += [
                Pair(task="", seed=n, before=0.5, after=0.5 + rng.gauss(0.0, DIFFERENCE_SD))
                for n in range(len(pairs), verdict.seeds)
            ]
            verdict = gate.judge(pairs)
    return seeds / SIMULATED


def foretell(
    opened: Opened[LoopSection],
    *,
    tries: float,
    reviews: float,
    episodes: float,
    measured: Measured | None,
    review: ReviewMeans,
) -> Amounts:
    """Play and reviews of what is left; nothing of it is trained."""
    assumed = opened.config.pipeline.assumed
    episode = _episode(opened, measured)
    return Amounts(
        tries=tries,
        reviews=reviews,
        episodes=episodes,
        steps=times(episodes, episode.steps),
        calls=times(episodes, episode.calls),
        tokens=times(episodes, episode.tokens),
        cost=times(episodes, episode.cost),
        hours=times(episodes, times(episode.seconds, 1 / 3600)),
        review_turns=times(reviews, _either(review.turns, assumed.review_turns)),
        review_tokens=times(reviews, _either(review.tokens, assumed.review_tokens)),
        review_cost=times(reviews, _either(review.cost, assumed.review_cost)),
        review_hours=times(reviews / 3600, review.seconds),
    )


def assumed_source(opened: Opened[LoopSection], measured: Measured | None) -> str:
    """Where the figures come from where no episode was measured; empty where nothing says any."""
    return "" if measured else _episode(opened, None).source


def _episode(opened: Opened[LoopSection], measured: Measured | None) -> Episode:
    at_once = together(opened.config, len(opened.tasks) * _stage(opened))
    return episode_of(measured, opened.config, "", at_once)


def notes(
    opened: Opened[LoopSection], measured: Measured | None, reviews: Sequence[Spent]
) -> Iterator[str]:
    """What is not known, and what can be done about it."""
    if measured is None:
        episode = _episode(opened, None)
        if None in (episode.calls, episode.tokens, episode.cost, episode.seconds):
            yield NOT_ASSUMED if episode.source else NOT_MEASURED
    elif measured.cost is None and price_of_play(opened.config) is None:
        yield "the price of the player's model is not known, so its money is not"
    if not reviews:
        yield NO_REVIEW
    section = opened.section
    if section.model and section.review.tokens is None and section.review.cost is None:
        yield f"a review has no limit on tokens or money; set one in [{section.key}.review]"


def _stage(opened: Opened[LoopSection]) -> int:
    """Seeds that are played at once."""
    return max(1, opened.gate.judge([]).seeds)


def _either(known: float | None, otherwise: float | None) -> float | None:
    return otherwise if known is None else known
