"""What the tables of a page hold, one record a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from statistics import median

from automem.episode.tally import totals_of
from automem.errors import EvaluationError
from automem.evaluate.plan import other_game
from automem.evaluate.reading import reading
from automem.evaluate.statistics import Paired, mean_and_error, paired
from automem.records._struct import Record
from automem.records.behaviour import Better, Measure
from automem.records.result import EpisodeResult
from automem.records.trace import Totals
from automem.report.source import Version


class PairRow(Record):
    """One version against another, or why they cannot be compared."""

    a: int
    """Numbers of the versions; the difference is b minus a."""
    b: int
    paired: Paired | None = None
    refused: str = ""

    @property
    def verdict(self) -> str:
        """What the pairs say, in a sentence that promises no more than they can."""
        return self.refused if self.paired is None else reading(self.paired)


class SeedRow(Record):
    """One seed in every version, percent; None where it is not finished there."""

    task: str
    seed: int
    values: tuple[float | None, ...]


class Reached(Record):
    """How often an achievement was reached, and when in the middle."""

    times: int
    episodes: int
    median_step: float | None

    @property
    def share(self) -> float:
        """0..1."""
        return self.times / self.episodes if self.episodes else 0.0


class AchievementRow(Record):
    """One achievement in every version."""

    name: str
    reached: tuple[Reached, ...]


class MeasureRow(Record):
    """One measure of behavior in every version."""

    title: str
    unit: str
    better: Better | None
    measures: tuple[Measure | None, ...]

    @property
    def best(self) -> float | None:
        """The best mean; None where there is no better or nothing to compare."""
        known = [m.macro for m in self.measures if m is not None and m.macro is not None]
        if self.better is None or len(known) < 2 or len(set(known)) == 1:
            return None
        return min(known) if self.better == "lower" else max(known)


class CostRow(Record):
    """What one version took, and what of it a step takes."""

    version: int
    totals: Totals
    uncached_per_step: float
    cached_per_step: float
    output_per_step: float
    seconds_per_step: float


def mean_of(version: Version) -> tuple[float, float | None] | None:
    """Mean and error of a complete evaluation, percent; None for another."""
    if version.evaluation is None:
        return None
    return version.evaluation.mean, version.evaluation.standard_error


def seed_rows(versions: Sequence[Version]) -> list[SeedRow]:
    """Every pair of task and seed that any version plays."""
    values = [_progressions(version) for version in versions]
    keys = dict.fromkeys(
        (task, seed) for v in versions for task in v.plan.tasks for seed in v.plan.seeds
    )
    return [
        SeedRow(task=task, seed=seed, values=tuple(known.get((task, seed)) for known in values))
        for task, seed in keys
    ]


def pair_rows(versions: Sequence[Version]) -> Iterator[PairRow]:
    """Each version against the first, and against the one before it."""
    for b in versions[1:]:
        for number in sorted({0, b.number - 1}):
            yield _pair(versions[number], b)


def achievement_rows(versions: Sequence[Version]) -> list[AchievementRow]:
    """Every achievement of any version, those reached most first."""
    names = {name for v in versions for result in v.results for name in result.achievements}
    rows = [
        AchievementRow(name=name, reached=tuple(_reached(v.results, name) for v in versions))
        for name in names
    ]
    return sorted(rows, key=lambda row: (-sum(each.share for each in row.reached), row.name))


def measure_rows(versions: Sequence[Version]) -> list[MeasureRow]:
    """Every measure that any version has."""
    known = [
        {m.name: m for m in v.evaluation.behaviour.measures}
        if v.evaluation is not None and v.evaluation.behaviour is not None
        else {}
        for v in versions
    ]
    first: dict[str, Measure] = {}
    for measures in known:
        first = {**measures, **first}
    return [
        MeasureRow(
            title=measure.title,
            unit=measure.unit,
            better=measure.better,
            measures=tuple(measures.get(name) for measures in known),
        )
        for name, measure in first.items()
    ]


def cost_rows(versions: Sequence[Version]) -> list[CostRow]:
    """What the finished episodes of each version took."""
    return [_cost(version) for version in versions if version.results]


def _progressions(version: Version) -> dict[tuple[str, int], float]:
    return {(r.task, r.seed): 100 * r.progression for r in version.results}


def _pair(a: Version, b: Version) -> PairRow:
    different = other_game(a.plan, b.plan)
    if different is not None:
        what, one, other = different
        text = f"not comparable: another {what} ({one}, {other})"
        return PairRow(a=a.number, b=b.number, refused=text)
    for version in (a, b):
        if version.evaluation is None:
            text = f"not comparable: {version.label} is not complete"
            return PairRow(a=a.number, b=b.number, refused=text)
    try:
        result = paired(_progressions(a), _progressions(b), stratum=itemgetter(0))
    except EvaluationError as error:
        return PairRow(a=a.number, b=b.number, refused=str(error))
    return PairRow(a=a.number, b=b.number, paired=result)


def _reached(results: Sequence[EpisodeResult], name: str) -> Reached:
    steps = [result.achievements[name] for result in results if name in result.achievements]
    return Reached(
        times=len(steps),
        episodes=len(results),
        median_step=median(steps) if steps else None,
    )


def _cost(version: Version) -> CostRow:
    totals = totals_of([result.totals for result in version.results])
    steps = max(totals.steps, 1)
    usage = totals.usage
    return CostRow(
        version=version.number,
        totals=totals,
        uncached_per_step=(usage.input_tokens - usage.cached_tokens) / steps,
        cached_per_step=usage.cached_tokens / steps,
        output_per_step=usage.output_tokens / steps,
        seconds_per_step=totals.seconds / steps,
    )


def running_mean(version: Version) -> tuple[float, float | None] | None:
    """Mean and error over the episodes finished so far; None before the first."""
    values = list(_progressions(version).values())
    return mean_and_error(values) if values else None
