"""What a loop will come to: seeds that a gate plays, times what an episode was measured to take."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from automem.loops.loop import Amounts
from automem.loops.measured import Measured, ReviewMeans, price_of_play
from automem.loops.opening import Opened
from automem.loops.section import LoopSection
from automem.models.cost import cost
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
        tries=tries,
        reviews=reviews,
        episodes=episodes,
        steps=episodes * measured.steps if measured else _most_steps(opened, episodes),
        calls=episodes * measured.calls if measured else None,
        tokens=tokens,
        cost=dollars,
        hours=episodes * measured.seconds / at_once / 3600 if measured else None,
        review_turns=_times(reviews, review.turns),
        review_tokens=_times(reviews, review.tokens),
        review_cost=_times(reviews, review.cost),
        review_hours=_times(reviews / 3600, review.seconds),
    )


def notes(
    opened: Opened[LoopSection], measured: Measured | None, reviews: Sequence[Spent]
) -> Iterator[str]:
    """What is not known, and what can be done about it."""
    if measured is None:
        yield NOT_MEASURED
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


def _most_steps(opened: Opened[LoopSection], episodes: float) -> float | None:
    most = opened.config.environment.max_steps
    return None if most is None else episodes * most


def _times(count: float, each: float | None) -> float | None:
    if not count:
        return 0.0
    return None if each is None else count * each
