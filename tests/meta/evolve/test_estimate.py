"""What a loop is said to come to, before it begins."""

from collections.abc import Callable
from pathlib import Path

import pytest

from automem.cli.estimates import estimate_tables
from automem.plugins import Plugins
from automem.run.config import parse_config
from automem.run.layout import RunFolder
from automem_meta.evolve.opening import Opened, open_config
from automem_meta.evolve.working import estimate_of

from .conftest import WHOLE_OVERRIDES, Whole
from .scripts import config_text

Open = Callable[..., Opened]


def test_without_anything_measured_only_episodes_and_steps_are_known(
    opened: Open, tmp_path: Path
) -> None:
    found = opened("evolve.review.cost=2.0", full=True)
    expected = estimate_of(found, found.run)
    least, most = expected.if_nothing_helps, expected.at_most
    # 2 fruitless revisions of 3 attempts, each gone on with once; 5 revisions of as many.
    assert (least.tries, most.tries) == (12, 30)
    assert most.episodes == 10 + 30 * (10 + 2 * 10) and most.steps == 14 * most.episodes
    assert 10 + 12 * 8 < least.episodes < 10 + 12 * 18
    assert (least.calls, least.cost, least.review_cost) == (None, None, None)
    assert (most.review_cost, most.review_turns) == (60.0, 6000)
    assert expected.report_episodes == 18 and expected.measured_in == ""
    assert [note.split(",")[0] for note in expected.notes] == [
        "no episode of this game was measured",
        "no review was held in this run",
    ]
    assert not (tmp_path / "runs" / "toys" / "scaffolds").exists()


def test_what_was_measured_elsewhere_tells_calls_tokens_money_and_hours(
    opened: Open, whole: Whole
) -> None:
    found = opened("roles.default.price=[1.0, 0.5, 2.0]", "evolve.review.tokens=100000")
    expected = estimate_of(found, RunFolder(whole.folder / "runs" / "toys"))
    least = expected.if_nothing_helps
    assert expected.measured_episodes == 45 and expected.measured_in.endswith("toys")
    assert least.calls is not None and least.steps is not None
    assert 1.0 < least.calls / least.steps < 4.0
    assert least.tokens is not None and least.cost is not None
    assert 1.0 <= 1e6 * least.cost / least.tokens <= 2.0
    assert least.hours is not None and least.hours > 0
    assert expected.at_most.review_tokens == 3_000_000


ASSUMED = (
    'pipeline.assumed.source="a guess"',
    "pipeline.assumed.steps=10",
    "pipeline.assumed.calls=2",
    "pipeline.assumed.input_tokens=90",
    "pipeline.assumed.output_tokens=10",
    "pipeline.assumed.steps_per_second=5",
    "pipeline.assumed.review_tokens=7000",
    "roles.default.price=[1.0, 0.5, 2.0]",
)


def test_what_is_assumed_tells_what_was_not_measured(opened: Open) -> None:
    found = opened(*ASSUMED, full=True)
    expected = estimate_of(found, found.run)
    most = expected.at_most
    assert (most.steps, most.calls) == (10 * most.episodes, 20 * most.episodes)
    assert most.tokens == 2000 * most.episodes
    assert most.cost == pytest.approx(most.episodes * (1800 * 1.0 + 200 * 2.0) / 1e6)
    assert most.hours == pytest.approx(most.episodes * 10 / 5 / 3600)
    assert most.review_tokens == 7000 * most.tries
    assert expected.assumed.endswith("assumed in [pipeline.assumed]: a guess")
    assert expected.assumed in list(estimate_tables(expected))
    assert not any("no episode" in note for note in expected.notes)


def test_what_is_neither_measured_nor_assumed_is_named(opened: Open) -> None:
    found = opened(*ASSUMED[1:5], full=True)
    expected = estimate_of(found, found.run)
    assert expected.at_most.calls is not None and expected.at_most.hours is None
    assert any("what [pipeline.assumed] does not say" in note for note in expected.notes)


def test_a_loop_that_is_over_has_nothing_left(whole: Whole, plugins: Plugins) -> None:
    found = open_config(
        parse_config(config_text(whole.folder, full=True), WHOLE_OVERRIDES), plugins
    )
    expected = estimate_of(found, found.run)
    assert (expected.if_nothing_helps.tries, expected.at_most.episodes) == (0, 0)
    assert expected.if_nothing_helps.review_cost == 0.0
    table, *lines = estimate_tables(expected)
    assert table is not None and any("measured over 45 episodes" in str(line) for line in lines)


def test_an_unknown_price_is_said(opened: Open, whole: Whole) -> None:
    found = opened("roles.default.backend=openai-compatible", "roles.default.model=nobody-knows",
                   "roles.default.base_url=http://127.0.0.1:1/v1")  # fmt: skip
    expected = estimate_of(found, RunFolder(whole.folder / "runs" / "toys"))
    assert expected.if_nothing_helps.cost == pytest.approx(0.0)
