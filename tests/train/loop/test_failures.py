"""Trainers, recipes and machines that fail in the middle of loop 2: none of it is a score."""

from pathlib import Path

import pytest

from automem.errors import ConfigError, TrainerError
from automem.plugins import Plugins
from automem_train.loop.staged import make_loop

from .conftest import Open, Train, ledger_of, paid, played, verdicts
from .scripts import GOOD, SCORE, STRONG, choosing, finishing, recipe, write

ONE = ("train.iterations=1",)


def test_a_trainer_that_cannot_work_is_told_before_anything_is_played(
    train: Train, tmp_path: Path
) -> None:
    with pytest.raises(TrainerError, match="no GPU here"):
        train(GOOD, overrides=('train.trainer_options={refuses="no GPU here"}', *ONE))
    assert not (tmp_path / "player.txt").exists() and not (tmp_path / "calls.txt").exists()


def test_a_reviewer_without_a_key_is_told_before_an_earlier_stage_is_paid_for(
    opened: Open, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewer = ("train.provider=anthropic", "train.model=claude-opus-5-5", "train.options={}")
    stage = make_loop(opened(*reviewer).config, plugins)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "one")
    stage.check()
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with pytest.raises(ConfigError, match=r"needs a key in .* ANTHROPIC_API_KEY, which is not set"):
        stage.check()


def test_settings_that_diverge_are_a_line_of_the_ledger_and_the_loop_goes_on(
    train: Train, tmp_path: Path
) -> None:
    fault = f'train.trainer_options={{faults=["diverges=3"], once="{tmp_path / "once"}"}}'
    other = choosing("Less of it.", recipe(STRONG, rate=1e-5))
    done = train(GOOD, other, overrides=(fault, "train.iterations=2"))
    assert verdicts(done.trials) == [("t001-a1", "dropped"), ("t002-a1", "kept")]
    failed = done.trials[0]
    assert failed.why.startswith("its training failed: ") and "the loss is nan" in failed.why
    assert failed.trained is None and failed.stages == () and failed.play_cost.episodes == 0


def test_a_trainer_that_fails_ends_the_command_and_the_same_command_goes_on(
    train: Train, tmp_path: Path
) -> None:
    fault = f'train.trainer_options={{faults=["fails=3"], once="{tmp_path / "once"}"}}'
    with pytest.raises(TrainerError, match="no more room"):
        train(GOOD, overrides=(fault, *ONE))
    assert ledger_of(tmp_path) == ()
    turns, calls = paid(tmp_path), len(played(tmp_path))
    done = train(GOOD, overrides=(fault, *ONE))
    assert verdicts(done.trials) == [("t001-a1", "kept")]
    assert paid(tmp_path) == turns and len(set(played(tmp_path))) == len(played(tmp_path)) > calls


def test_a_worker_that_dies_goes_on_from_its_checkpoint(train: Train, tmp_path: Path) -> None:
    fault = f'train.trainer_options={{faults=["dies=3"], once="{tmp_path / "once"}"}}'
    with pytest.raises(TrainerError):
        train(GOOD, overrides=(fault, *ONE))
    (made,) = train(GOOD, overrides=(fault, *ONE)).trials
    assert made.trained is not None and made.trained.steps == 4


def test_a_selection_that_chooses_too_few_does_not_pass_the_review(train: Train) -> None:
    few = finishing(
        "Nothing is good enough.",
        write("recipe.toml", recipe(STRONG)),
        write("selection.toml", 'criteria = "all"\nminimum = 100000\n'),
        write("score.py", SCORE),
    )
    (trial,) = train(few, overrides=ONE).trials
    assert trial.verdict == "no_proposal" and trial.trained is None


def test_a_recipe_that_gives_no_data_after_all_is_refused(train: Train, tmp_path: Path) -> None:
    with pytest.raises(TrainerError):
        train(GOOD, overrides=('train.trainer_options={faults=["fails"]}', *ONE))
    run = tmp_path / "runs" / "toys"
    review = run / "reviews" / "t001-a"
    (review / "data.json").unlink()
    text = 'criteria = "none"\nminimum = 100000\n'
    (review / "overlay" / "selection.toml").write_text(text, encoding="utf-8")
    (trial,) = train(GOOD, overrides=ONE).trials
    assert trial.verdict == "refused" and "its minimum is 100000" in trial.why
    assert (trial.places, trial.trained) == (1, None)
