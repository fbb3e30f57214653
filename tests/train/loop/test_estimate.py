"""What loop 2 is said to come to, before it begins."""

from pathlib import Path

import pytest

from automem.cli.estimates import estimate_tables
from automem.plugins import Plugins
from automem.run.layout import RunFolder
from automem_train.loop.estimate import measured_speed
from automem_train.loop.staged import make_loop
from automem_train.loop.working import estimate_of

from .conftest import WHOLE_OVERRIDES, Open, Whole, open_in


def test_without_anything_measured_only_episodes_reviews_and_trainings_are_known(
    opened: Open, tmp_path: Path
) -> None:
    found = opened(full=True)
    expected = estimate_of(found, found.run)
    least, most = expected.if_nothing_helps, expected.at_most
    # Two recipes in a row bring nothing; or five are kept. Each has two configurations.
    assert (least.trainings, most.trainings) == (4, 10)
    assert (least.reviews, most.reviews) == (2, 5)
    # 4 train and 10 search seeds by one model; then 10 by two, and both on 10 fresh seeds.
    assert most.episodes == 14 + 10 * (10 + 2 * 10)
    assert 14 + 4 * 5 < least.episodes < 14 + 4 * 18
    assert (least.tokens, least.training_tokens, least.training_hours) == (None, None, None)
    assert expected.report_episodes == 3 * (1 + 10)
    assert (expected.kept, expected.may_keep) == (0, 10)
    notes = " ".join(expected.notes)
    assert "neither a data set was made nor an episode measured" in notes
    assert "give [train] tokens_per_second" in notes
    assert not (tmp_path / "runs" / "toys" / "scaffolds").exists()


def test_what_is_assumed_tells_what_was_not_measured(opened: Open, whole: Whole) -> None:
    assumed = (
        "pipeline.assumed.calls=2",
        "pipeline.assumed.input_tokens=90",
        "pipeline.assumed.output_tokens=10",
        "pipeline.assumed.training_tokens=36000",
        "pipeline.assumed.training=10",
    )
    found = opened(*assumed, full=True)
    expected = estimate_of(found, found.run)
    most = expected.at_most
    assert most.steps is not None and most.calls == 2 * most.steps
    assert most.training_tokens == 36_000 * most.trainings
    assert most.training_hours == pytest.approx(most.trainings)
    notes = " ".join(expected.notes)
    assert expected.assumed.endswith("assumed in [pipeline.assumed]")
    assert "tokens of training: assumed likewise" in notes and "not known; give" not in notes
    # What was measured comes before it.
    source = RunFolder(whole.folder / "runs" / "toys")
    measured = estimate_of(found, source)
    assert measured.assumed == "" and measured.at_most.calls != most.calls
    assert measured.at_most.training_tokens != most.training_tokens


def test_data_sets_and_trainings_of_a_run_tell_tokens_and_hours(opened: Open, whole: Whole) -> None:
    source = RunFolder(whole.folder / "runs" / "toys")
    found = opened()
    expected = estimate_of(found, source)
    least = expected.if_nothing_helps
    speed = measured_speed(source)
    assert speed is not None and speed == pytest.approx(120 / 0.01)
    assert least.training_tokens is not None and least.training_tokens > 1000
    assert least.training_hours == pytest.approx(least.training_tokens / speed / 3600)
    assert least.hours is not None and least.review_tokens is None
    told = estimate_of(opened("train.tokens_per_second=10.0"), source).if_nothing_helps
    assert told.training_hours == pytest.approx(least.training_tokens / 10.0 / 3600)


def test_where_no_data_set_was_made_examples_are_as_long_as_calls_were(
    opened: Open, whole: Whole, tmp_path: Path
) -> None:
    played = tmp_path / "played"
    played.mkdir()
    (played / "evaluations").symlink_to(whole.folder / "runs" / "toys" / "evaluations")
    expected = estimate_of(opened(), RunFolder(played))
    assert expected.at_most.training_tokens is not None
    assert expected.at_most.training_hours is None
    assert any("as long as calls were" in note for note in expected.notes)


def test_a_loop_that_is_over_has_nothing_left(whole: Whole, plugins: Plugins) -> None:
    found = open_in(whole.folder, plugins, *WHOLE_OVERRIDES)
    expected = make_loop(found.config, plugins).estimate(found.run)
    for amounts in (expected.if_nothing_helps, expected.at_most):
        assert (amounts.trainings, amounts.episodes, amounts.training_tokens) == (0, 0, 0.0)
    assert (expected.kept, expected.may_keep, expected.notes) == (1, 1, ())
    assert len(list(estimate_tables(expected))) >= 2
