"""Whole runs of loop 2: what is collected, trained, played, kept and written down."""

import io
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from automem.errors import ConfigError, LimitReached, RunError
from automem.evaluate.progress import Progress
from automem.loops.purse import Purse
from automem.loops.watching import Watching
from automem.plugins import Plugins
from automem.records.ledger import PlayCost, Trained
from automem.records.review import Spent
from automem.records.training import LoraSettings
from automem.review.desk import Desk
from automem.run.ledger import trial_line
from automem.testing.scripted_meta import COST
from automem.ui.training import TrainingProgress
from automem_train.loop.staged import make_loop
from automem_train.loop.working import Done

from .conftest import (
    WHOLE_OVERRIDES,
    Train,
    Whole,
    ledger_of,
    open_in,
    paid,
    played,
    run,
    timeless,
    verdicts,
)
from .scripts import BOTH, FEEBLE, GOOD, IDLE, STRONG, WEAK, choosing, finishing, recipe, write

ONE = ("train.iterations=1",)


class Stopped(Exception):
    """As an interruption, at a known place."""


@dataclass(frozen=True, slots=True)
class Stopping(Watching):
    """Stops after every evaluation, after every training, and before a review is closed."""

    @asynccontextmanager
    async def evaluation(self, progress: Progress, title: str) -> AsyncGenerator[None]:
        yield
        raise Stopped

    @asynccontextmanager
    async def review(self, desk: Desk, title: str) -> AsyncGenerator[None]:
        before = len(desk.events)
        yield
        if len(desk.events) > before:
            raise Stopped

    @asynccontextmanager
    async def training(self, progress: TrainingProgress, title: str) -> AsyncGenerator[None]:
        yield
        raise Stopped


def test_what_helps_is_kept_and_what_does_not_is_dropped(whole: Whole) -> None:
    done = whole.done
    assert verdicts(done.trials) == [
        ("t001-a1", "dropped"),
        ("t001-a2", "kept"),
        ("t002-a1", "refused"),
        ("t003-a1", "no_proposal"),
    ]
    assert done.why == "2 recipes in a row brought nothing"
    assert (done.scaffold, done.specialist) == ("toy", "toy+t001-a2")
    weak, strong, again, none = done.trials
    assert again.why == "it is the adapter of t001-a1, which was tried before"
    assert again.candidate == weak.candidate and again.play_cost == PlayCost()
    assert none.why.startswith("the meta-LLM gave up")
    assert done.adapter == strong.candidate
    assert len(paid(whole.folder)) == 3 + 3 + 1


def test_a_line_of_the_ledger_says_what_was_trained_and_what_it_brought(whole: Whole) -> None:
    strong = whole.done.trials[1]
    made = strong.trained
    assert made is not None
    assert timeless(strong).trained == Trained(
        adapter=strong.candidate,
        data=made.data,
        trainer="toy-trainer",
        base="toy",
        lora=LoraSettings(rank=STRONG, alpha=float(STRONG), learning_rate=2e-4),
        examples=made.examples,
        steps=4,
        first_loss=made.first_loss,
        last_loss=made.last_loss,
        seconds=made.seconds,
    )
    assert made.examples > 10 and made.first_loss > made.last_loss > 0
    assert strong.change == (
        "Learn every note (rank 16, alpha 16, learning rate 0.0002, 1 epoch, attention, "
        "batch 2 x 8, cutoff 16384)"
    )
    assert (strong.kind, strong.revision, strong.attempt, strong.places) == ("recipe", 1, 2, 2)
    assert strong.review == "reviews/t001-a" and strong.mean == 100.0
    assert trial_line(strong).startswith("recipe 1, configuration 2 of 2: Learn every note (rank")
    # Two models on three search seeds and two fresh ones, one model on the fresh ones.
    assert strong.play_cost.episodes == 3 + 2 + 2
    assert strong.fresh == (100, 101)


def test_a_review_is_charged_once_however_many_configurations_it_has(whole: Whole) -> None:
    costs = [trial.review_cost for trial in whole.done.trials]
    assert costs[1] == Spent() and costs[0].cost == costs[2].cost == COST * 3
    assert whole.done.cost == pytest.approx(COST * 7)


def test_the_configurations_of_a_recipe_learn_from_one_data_set(whole: Whole) -> None:
    first, second = (trial.trained for trial in whole.done.trials[:2])
    assert first is not None and second is not None
    assert first.data == second.data and first.adapter != second.adapter
    assert len(list(whole.folder.glob("runs/toys/data/*/report.json"))) == 1


def test_turns_come_of_train_seeds_and_are_played_by_one_model(whole: Whole) -> None:
    folder = whole.folder / "runs" / "toys"
    (data,) = folder.glob("data/*/examples.jsonl")
    seeds = {line.split('"seed":')[1].split(",")[0] for line in data.read_text().splitlines()}
    assert seeds <= {"200", "201", "202", "203"}
    result = list(folder.glob("evaluations/*/episodes/*/200/result.json"))
    assert len(result) == 1


def test_engines_are_one_at_a_time_and_none_runs_beside_a_training(whole: Whole) -> None:
    lines = (whole.folder / "engines.txt").read_text(encoding="utf-8").splitlines()
    assert [line[0] for line in lines] == ["+", "-"] * (len(lines) // 2)
    assert lines[0] == "+ base" and len(lines) > 4


def test_no_call_of_the_player_is_made_twice(whole: Whole) -> None:
    calls = played(whole.folder)
    assert len(set(calls)) == len(calls)


def test_the_same_command_on_a_run_that_is_over_asks_and_plays_nothing(
    whole: Whole, plugins: Plugins
) -> None:
    before, turns = played(whole.folder), paid(whole.folder)
    found = open_in(whole.folder, plugins, *WHOLE_OVERRIDES)
    assert run(found, Stopping("plain", io.StringIO())) == whole.done
    assert (played(whole.folder), paid(whole.folder)) == (before, turns)


def test_as_a_stage_of_the_pipeline_it_says_what_came_of_it(whole: Whole, plugins: Plugins) -> None:
    found = open_in(whole.folder, plugins, *WHOLE_OVERRIDES)
    stage = make_loop(found.config, plugins)
    stage.check()
    purse = Purse(found.run, found.config.limits)
    ended = anyio.run(stage.work, Stopping("plain", io.StringIO()), purse)
    assert (stage.name, ended.name) == ("train", "train")
    assert (ended.why, ended.tried, ended.kept) == ("2 recipes in a row brought nothing", 4, 1)
    assert (ended.champion, ended.champion_key) == ("toy+t001-a2", whole.done.adapter)


def test_a_loop_stopped_before_each_of_its_steps_ends_as_one_that_was_not(
    train: Train, whole: Whole, tmp_path: Path
) -> None:
    stops = 0
    done: Done | None = None
    while done is None and stops < 50:
        watching = Stopping("plain", io.StringIO())
        try:
            done = train(BOTH, FEEBLE, IDLE, overrides=WHOLE_OVERRIDES, watching=watching)
        except Stopped:
            stops += 1
    assert done is not None and stops > 10
    assert paid(tmp_path) == paid(whole.folder)
    assert sorted(played(tmp_path)) == sorted(played(whole.folder))
    assert list(map(timeless, done.trials)) == list(map(timeless, whole.done.trials))


def test_a_data_set_of_the_run_is_used_again_by_its_hash(train: Train, tmp_path: Path) -> None:
    first = train(FEEBLE, overrides=ONE)
    (made,) = first.trials
    assert made.trained is not None
    again = finishing("The same data, more room.",
                      write("recipe.toml", recipe(STRONG, data=made.trained.data[:6])))  # fmt: skip
    done = train(FEEBLE, again, overrides=("train.iterations=2",))
    second = done.trials[1]
    assert second.verdict == "kept" and second.trained is not None
    assert second.trained.data == made.trained.data
    assert not (tmp_path / "runs/toys/reviews/t002-a/data.json").exists()


def test_fresh_seeds_serve_one_specialist_only(train: Train) -> None:
    other = choosing("More room.", recipe(2 * STRONG))
    strict = "train.gate_options.alpha=0.001"
    done = train(GOOD, other, overrides=("train.iterations=2", strict))
    assert [trial.verdict for trial in done.trials] == ["dropped", "dropped"]
    assert [trial.fresh for trial in done.trials] == [(100, 101), (102, 103)]


def test_a_limit_of_the_run_leaves_the_review_open_and_is_gone_on_from(
    train: Train, tmp_path: Path
) -> None:
    with pytest.raises(LimitReached, match=r"dollars on reviews and play.*run_cost"):
        train(GOOD, overrides=("limits.run_cost=0.003", *ONE))
    assert len(paid(tmp_path)) == 2 and ledger_of(tmp_path) == ()
    assert verdicts(train(GOOD, overrides=ONE).trials) == [("t001-a1", "kept")]
    assert len(paid(tmp_path)) == 3


def test_specialists_are_played_on_the_report_seeds_and_then_nothing_is_tried(
    train: Train,
) -> None:
    done = train(GOOD, with_report=True, overrides=ONE)
    alone, specialist = done.report
    assert (alone.name, specialist.kind, specialist.mean) == ("toy", "specialist", 100.0)
    assert specialist.adapter == done.adapter and specialist.over_parent is not None
    with pytest.raises(RunError, match="played report seeds already"):
        train(GOOD, IDLE, overrides=("train.iterations=2",))
    assert train(GOOD, with_report=True, overrides=ONE).report == done.report


def test_a_run_is_not_gone_on_with_in_another_game(train: Train) -> None:
    train(IDLE, overrides=ONE)
    with pytest.raises(ConfigError, match="another game, model or agent"):
        train(IDLE, overrides=("environment.rooms=2", *ONE))


def test_an_adapter_that_the_configuration_names_is_left_out(train: Train) -> None:
    done = train(choosing("Little.", recipe(WEAK)), overrides=ONE)
    adapter = Path(done.run) / "adapters" / done.trials[0].candidate
    named = f'roles.memory.adapter="{adapter}"'
    assert train(FEEBLE, overrides=(named, *ONE)).trials == done.trials
