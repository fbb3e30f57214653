"""Tables hold what evaluations say, and refuse comparisons that mean nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from automem.errors import RunError
from automem.report.charts import LONGEST_LABEL, by_step, by_version, dots
from automem.report.marks import Marks
from automem.report.source import Version, versions_of
from automem.report.svg import element, ticks
from automem.report.tables import (
    PairRow,
    achievement_rows,
    cost_rows,
    mean_of,
    measure_rows,
    pair_rows,
    running_mean,
    seed_rows,
)
from automem.run.layout import RunFolder


def with_progressions(version: Version, number: int, *values: float) -> Version:
    """The version with so many seeds, which came so far."""
    assert version.evaluation is not None
    first = version.results[0]
    results = tuple(
        msgspec.structs.replace(first, seed=seed, progression=value)
        for seed, value in enumerate(values)
    )
    return replace(version, number=number, results=results)


def test_versions_come_in_the_order_of_being_played(versions: list[Version]) -> None:
    assert [(v.number, v.label) for v in versions] == [(0, "toy"), (1, "toy-child")]
    assert [v.planned for v in versions] == [2, 2]
    assert all(v.scaffold is not None and v.scaffold.is_dir() for v in versions)


def test_equal_names_are_told_apart(played: RunFolder, run: RunFolder) -> None:
    labels = [version.label for version in versions_of([played, run])]
    assert len(set(labels)) == 4
    assert all(str(played.path) in label for label in labels[:2])


def test_a_run_named_twice_is_told_once(played: RunFolder) -> None:
    assert len(versions_of([played, played])) == 2


def test_a_run_without_evaluations_is_refused(played: RunFolder) -> None:
    with pytest.raises(RunError, match="nothing was played"):
        versions_of([RunFolder(played.path / "empty")])


def test_an_unfinished_evaluation_has_no_mean(run: RunFolder) -> None:
    folder = next(f for f in run.evaluations() if f.path.name)
    folder.evaluation.unlink()
    folder.episode("default", 2).result.unlink()
    found = versions_of([run])
    open_, done = sorted(found, key=lambda version: version.evaluation is not None)
    assert mean_of(open_) is None and mean_of(done) is not None
    assert running_mean(open_) == (100.0, None)
    assert len(list(open_.episodes())) == 2
    (row,) = pair_rows(found)
    assert row.paired is None and row.verdict == f"not comparable: {open_.label} is not complete"


def test_every_seed_is_shown_in_every_version(versions: list[Version]) -> None:
    rows = seed_rows([versions[0], replace(versions[1], results=versions[1].results[:1])])
    assert [(row.task, row.seed, row.values) for row in rows] == [
        ("default", 1, (100.0, 100.0)),
        ("default", 2, (100.0, None)),
    ]


def test_versions_are_compared_with_the_first_and_the_one_before(versions: list[Version]) -> None:
    many = [replace(versions[0], number=n, label=f"v{n}") for n in range(4)]
    pairs = [(row.a, row.b) for row in pair_rows(many)]
    assert pairs == [(0, 1), (0, 2), (1, 2), (0, 3), (2, 3)]


def test_a_verdict_promises_no_more_than_the_pairs_can(versions: list[Version]) -> None:
    few = [with_progressions(versions[0], n, *[0.1 + 0.2 * n] * 4) for n in (0, 1)]
    (row,) = pair_rows(few)
    assert "cannot reach p = 0.05" in row.verdict
    many = [with_progressions(versions[0], n, *[0.1 + 0.2 * n] * 8) for n in (0, 1)]
    (row,) = pair_rows(many)
    assert row.paired is not None and row.paired.p_signflip == pytest.approx(2 / 2**8)
    assert row.verdict.startswith("unlikely to be chance")
    noisy = [0.3, 0.1, 0.4, 0.1, 0.5, 0.9, 0.2, 0.6]
    mixed = [
        with_progressions(versions[0], 0, *noisy),
        with_progressions(versions[0], 1, *reversed(noisy)),
    ]
    (row,) = pair_rows(mixed)
    assert row.verdict == "may be chance"


def test_other_seeds_and_other_games_are_not_compared(versions: list[Version]) -> None:
    first = versions[0]
    unpaired = replace(versions[1], results=versions[1].results[:1])
    (row,) = pair_rows([first, unpaired])
    assert row.paired is None and "only one side has" in row.verdict
    plan = msgspec.structs.replace(first.plan, environment="chess")
    (row,) = pair_rows([first, replace(versions[1], plan=plan)])
    assert row == PairRow(a=0, b=1, refused="not comparable: another environment (toy, chess)")


@pytest.mark.parametrize("changed", [{"max_steps": 7}, {"options": {"area": 9}}])
def test_other_options_and_step_limits_are_not_compared(
    versions: list[Version], changed: dict[str, Any]
) -> None:
    plan = msgspec.structs.replace(versions[0].plan, **changed)
    (row,) = pair_rows([versions[0], replace(versions[1], plan=plan)])
    assert row.paired is None and row.verdict.startswith("not comparable: another ")


def test_every_task_counts_the_same_in_a_pair_of_versions(versions: list[Version]) -> None:
    first = versions[0].results[0]
    keys = [("easy", 1), ("easy", 2), ("hard", 1), ("hard", 2)]

    def version(number: int, *values: float) -> Version:
        results = tuple(
            msgspec.structs.replace(first, task=task, seed=seed, progression=value)
            for (task, seed), value in zip(keys, values, strict=True)
        )
        return replace(versions[0], number=number, results=results)

    (row,) = pair_rows([version(0, 0, 0, 0, 0), version(1, 0.1, 0.1, 0.3, 0.3)])
    assert row.paired is not None and row.paired.mean_difference == pytest.approx(20)
    # Within a task nothing differs; pooled pairs would have an error of 5.8.
    assert row.paired.standard_error == pytest.approx(0)


def test_equal_pairs_are_called_equal(versions: list[Version]) -> None:
    (row,) = pair_rows([with_progressions(versions[0], n, *[0.3] * 5) for n in (0, 1)])
    assert row.verdict == "no difference in any of 5 pairs"


def test_achievements_are_counted_with_their_middle_step(versions: list[Version]) -> None:
    rows = achievement_rows(versions)
    assert {row.name for row in rows} == {"door_0", "door_1", "door_2", "door_3"}
    door = next(row for row in rows if row.name == "door_1").reached[0]
    assert (door.times, door.episodes, door.median_step, door.share) == (2, 2, 7, 1.0)


def test_measures_are_shown_with_the_better_one(versions: list[Version]) -> None:
    rows = measure_rows(versions)
    assert len(rows) > 5
    assert all(row.best is None for row in rows if row.better is None)
    first = versions[0].evaluation
    assert first is not None and first.behaviour is not None
    halved = msgspec.structs.replace(
        first.behaviour,
        measures=tuple(
            msgspec.structs.replace(m, macro=None if m.macro is None else m.macro / 2)
            for m in first.behaviour.measures
        ),
    )
    better = msgspec.structs.replace(first, behaviour=halved)
    compared = measure_rows([versions[0], replace(versions[1], evaluation=better)])
    tokens = next(row for row in compared if row.better == "lower" and row.best)
    assert tokens.measures[1] is not None and tokens.best == tokens.measures[1].macro


def test_cost_is_told_by_step(versions: list[Version]) -> None:
    first, second = cost_rows(versions)
    totals = first.totals
    assert totals.steps == sum(r.totals.steps for r in versions[0].results)
    assert first.uncached_per_step == pytest.approx(totals.usage.input_tokens / totals.steps)
    assert second.version == 1
    assert cost_rows([replace(versions[0], results=())]) == []


def test_charts_say_in_words_what_they_show(versions: list[Version]) -> None:
    chart = by_version(versions, seed_rows(versions))
    assert "<title>Mean progression by version: toy 100.0 %; toy-child 100.0 %</title>" in chart
    assert "<title>default 1: 100.0, 100.0 %</title>" in chart
    long = replace(versions[0], label="<b>" + "x" * 40, evaluation=None)
    chart = by_version([long, versions[1]], seed_rows(versions))
    assert "<b>" not in chart and "&lt;b&gt;" in chart and "not complete" in chart
    assert "x" * (LONGEST_LABEL + 1) not in chart
    assert "10.0, 20.0" in dots([20.0, 10.0], None, 0)


def test_progression_by_step_needs_an_episode(versions: list[Version]) -> None:
    assert by_step(versions, [[], []]) is None
    marks = Marks(steps=11, events=(), progression=((5, 0.5),), writes=(), retrievals=())
    chart = by_step(versions, [[marks], []])
    assert chart is not None and chart.count("thick") == 1 and chart.count("thin") == 1


@pytest.mark.parametrize(
    ("most", "last"), [(0.0, 1.0), (7.0, 8.0), (95.5, 100.0), (1000.0, 1000.0), (0.9, 1.0)]
)
def test_scales_end_in_a_round_number_at_the_top(most: float, last: float) -> None:
    scale = ticks(most)
    assert scale[0] == 0 and scale[-1] == pytest.approx(last)
    assert 2 <= len(scale) <= 8


def test_attributes_and_texts_of_drawings_are_escaped() -> None:
    made = element("text", "a < b", class_='x" onload="y')
    assert made == '<text class="x&#34; onload=&#34;y">a &lt; b</text>'
