"""What a pipeline is said to come to, from measured episodes or from what is assumed."""

from pathlib import Path

import pytest

from automem.loops.amounts import Foreseen, times, total
from automem.loops.foreseeing import StageEstimate, foresee
from automem.loops.pipeline import Pipeline
from automem.run.layout import RunFolder

from .conftest import Opened, Whole

ASSUMED = (
    'pipeline.assumed.source="a guess"',
    "pipeline.assumed.steps=10",
    "pipeline.assumed.calls=2",
    "pipeline.assumed.input_tokens=900",
    "pipeline.assumed.output_tokens=100",
    "pipeline.assumed.cached=0.5",
    "pipeline.assumed.prefill=1000",
    "pipeline.assumed.decode=100",
    "pipeline.assumed.gpus=2",
    "pipeline.assumed.review_turns=5",
    "pipeline.assumed.review_tokens=7000",
    "pipeline.assumed.review_cost=3",
    "pipeline.assumed.training_tokens=36000",
    "pipeline.assumed.training=10",
    "pipeline.assumed.training_gpus=4",
)
PRICED = "roles.default.price=[1.0, 0.1, 10.0]"


def stages(pipeline: Pipeline, source: RunFolder | None = None) -> dict[str, StageEstimate]:
    return {stage.name: stage for stage in foresee(pipeline, source or pipeline.run).stages}


def test_assumed_figures_give_calls_tokens_money_and_gpu_hours(opened: Opened) -> None:
    found = stages(opened(*ASSUMED, PRICED))
    assert list(found) == ["evolve", "train", "report seeds", "all"]
    evolve, train = found["evolve"].at_most, found["train"].at_most
    assert (evolve.episodes, evolve.steps, evolve.calls) == (4, 40, 80)
    assert evolve.tokens == 80_000
    # Of an episode: 9,000 uncached and 9,000 cached input tokens, 2,000 output tokens.
    assert evolve.cost == pytest.approx(4 * (9_000 * 1.0 + 9_000 * 0.1 + 2_000 * 10.0) / 1e6)
    assert evolve.gpu_hours == pytest.approx(4 * (9 + 20) * 2 / 3600)
    assert evolve.hours == pytest.approx(4 * (9 + 20) / 3600)
    assert (evolve.reviews, evolve.review_tokens, evolve.review_cost) == (1, 7000, 3)
    assert (evolve.trainings, evolve.training_tokens, evolve.training_gpu_hours) == (0, 0, 0)
    assert (train.trainings, train.training_tokens) == (1, 36_000)
    assert train.training_gpu_hours == pytest.approx(36_000 / 10 / 3600 * 4)
    assert train.training_hours == pytest.approx(1.0)


def test_without_gpus_it_says_how_long_it_takes(opened: Opened) -> None:
    paced = ("pipeline.assumed.gpus=0", "pipeline.assumed.training_gpus=0")
    pipeline = opened(*ASSUMED, *paced, "pipeline.assumed.steps_per_second=5")
    found = stages(pipeline)
    evolve, train = found["evolve"].at_most, found["train"].at_most
    assert (evolve.hours, evolve.gpu_hours) == (pytest.approx(40 / 5 / 3600), 0)
    assert (train.training_hours, train.training_gpu_hours) == (pytest.approx(1.0), 0)
    sources = foresee(pipeline, pipeline.run).sources
    assert sources[1].startswith("time of play: 5 steps a second of all episodes at once")
    assert sources[3].startswith("time of training: 10 tokens a second, where the run")


def test_no_episode_is_taken_to_be_longer_than_it_may_be(opened: Opened) -> None:
    short = stages(opened(*ASSUMED, "environment.max_steps=7"))["evolve"].at_most
    assert (short.episodes, short.steps) == (4, 28)


def test_the_table_counts_what_may_be_kept_yet(opened: Opened) -> None:
    report = stages(opened())["report seeds"]
    assert report.if_nothing_helps.episodes == 8 * 3
    # A scaffold, which may have code and is then played without it too, and a specialist.
    assert report.at_most.episodes == 8 * (3 + 2 + 1)
    bare = stages(opened("pipeline.memory_only=false", "pipeline.baselines=false"))
    assert bare["report seeds"].at_most.episodes == 8 * (1 + 1 + 1)


def test_what_was_played_is_not_counted_again(whole: Whole) -> None:
    ended = stages(whole[0])["all"]
    assert ended.at_most.episodes == 0 and ended.at_most.tokens == 0


def test_measured_episodes_come_before_what_is_assumed(opened: Opened, whole: Whole) -> None:
    found = foresee(opened(*ASSUMED), whole[0].run)
    first = found.stages[0].at_most
    assert first.steps is not None and first.steps != 40
    assert first.hours is not None and first.hours > 0
    assert found.sources[0].startswith("steps, calls and tokens: measured over ")
    assert str(whole[0].run.path) in found.sources[0]
    assert found.stages[-1].at_most.cost == 0.0


def test_it_says_where_each_figure_comes_from(opened: Opened) -> None:
    found = foresee(opened(*ASSUMED), opened().run)
    assert found.sources == (
        "steps, calls and tokens: assumed in [pipeline.assumed]: a guess",
        "GPU hours of play: tokens over 1,000 uncached input and 100 output tokens a second on 2 "
        "GPUs, all of them busy; assumed in [pipeline.assumed], not measured",
        "reviews: assumed likewise, where the run has held none and no budget bounds them",
        "GPU hours of training: 10 tokens a second on 4 GPUs, where the run has measured none; "
        "assumed likewise",
    )
    judged = ("evolve: nothing is judged here", "train: nothing is judged here")
    assert {*judged, "evolve: nothing was measured"} < set(found.notes)


def test_what_is_assumed_throughout_is_not_said_to_be_unknown(opened: Opened) -> None:
    found = foresee(opened(*ASSUMED, PRICED), opened().run)
    assert found.notes == (
        "evolve: nothing is judged here",
        "train: nothing is judged here",
        "the 2 baselines are counted as the others are, though they ask once a step",
    )


def test_what_nobody_says_is_not_known_but_steps_have_a_limit(opened: Opened) -> None:
    found = foresee(opened("pipeline.baselines=false"), opened().run)
    evolve = found.stages[0].at_most
    assert evolve.steps == 4 * 14 and evolve.calls is None and evolve.tokens is None
    assert evolve.gpu_hours == 0.0 and evolve.cost is None and evolve.review_tokens is None
    assert found.sources == () and "evolve: nothing was measured" in found.notes
    unmeasured = stages(opened("pipeline.assumed.gpus=1"))["all"].at_most
    assert unmeasured.gpu_hours is None
    rated = ("pipeline.assumed.gpus=1", *ASSUMED[:6])
    assert stages(opened(*rated))["all"].at_most.gpu_hours is None


def test_a_cached_prompt_costs_what_the_cache_costs(opened: Opened) -> None:
    whole = "pipeline.assumed.cached=1.0"
    evolve = stages(opened(*ASSUMED, whole, PRICED))["evolve"].at_most
    assert evolve.cost == pytest.approx(4 * (18_000 * 0.1 + 2_000 * 10.0) / 1e6)


def test_nothing_is_written(opened: Opened, tmp_path: Path) -> None:
    pipeline = opened(*ASSUMED)
    before = sorted(tmp_path.rglob("*"))
    foresee(pipeline, pipeline.run)
    assert sorted(tmp_path.rglob("*")) == before


def test_half_way_only_the_rest_is_counted(copied: Pipeline, opened: Opened) -> None:
    assert copied.run == opened().run
    again = stages(opened("train.adapters=2"))
    assert again["train"].at_most.trainings == 1 and again["evolve"].at_most.episodes == 0
    assert again["report seeds"].if_nothing_helps.episodes == 0
    assert again["report seeds"].at_most.episodes == 8


def test_unknown_amounts_stay_unknown_but_nothing_times_anything_is_nothing() -> None:
    assert times(None, 2.0) is None and times(0.0, None) == 0.0 and times(2.0, 3.0) == 6.0
    both = total([Foreseen(episodes=1, tokens=None), Foreseen(episodes=2, tokens=5.0)])
    assert both.episodes == 3 and both.tokens is None and both.calls == 0
