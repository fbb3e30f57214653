"""Whole runs of loop 1: what is proposed, played, judged, kept and written down."""

import io
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import msgspec
import pytest

from automem.errors import ConfigError, LimitReached, RunError
from automem.evaluate.progress import Progress
from automem.loops.watching import Watching
from automem.plugins import Plugins
from automem.records.ledger import PlayCost
from automem.review.desk import Desk
from automem.run.config import parse_config
from automem.run.ledger import append_trial, read_ledger
from automem.testing.meta_script import ScriptedTurn
from automem.testing.scripted_meta import COST, ScriptedReview
from automem_meta.evolve.opening import Opened, open_config
from automem_meta.evolve.working import Task, do

from .conftest import WHOLE_OVERRIDES, Evolve, Whole, ledger_of, paid, timeless, verdicts
from .scripts import (
    BETTER,
    BROKEN,
    FORGETFUL,
    IDLE,
    NORMAL,
    WORSE,
    config_text,
    edit,
    finishing,
    write,
)

SHORT = ("evolve.revisions=1", "evolve.attempts=2")


class Stopped(Exception):
    """As an interruption, at a known place."""


@dataclass(frozen=True, slots=True)
class Stopping(Watching):
    """Stops after every evaluation, and after every review before it is closed."""

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


def test_what_is_broken_is_refused_what_is_worse_dropped_and_what_is_better_kept(
    whole: Whole,
) -> None:
    done = whole.done
    assert verdicts(done.trials) == [
        ("001-a", "refused"),
        ("001-b", "dropped"),
        ("001-c", "kept"),
        ("002-a", "no_proposal"),
        ("002-b", "no_proposal"),
    ]
    assert done.why == "the last revision found nothing" and done.champion == "forgetful-r1c"
    broken, worse, better = done.trials[:3]
    assert "no valid TOML" in broken.why and broken.play_cost == PlayCost()
    assert (worse.continuation, worse.change) == (1, "Mended, with only one turn to plan.")
    assert (better.attempt, better.continuation, better.parent) == (2, 0, worse.parent)
    assert done.trials[3].parent == better.candidate
    assert len(paid(whole.folder)) == 3 * 3 + 2
    assert done.cost == pytest.approx(COST * 11) and better.review_cost.cost == COST * 3


def test_only_the_seeds_that_a_stage_asks_for_are_played_and_none_twice(whole: Whole) -> None:
    worse, better = whole.done.trials[1:3]
    assert [len(stage.pairs) for stage in worse.stages] == [5]
    assert worse.play_cost.episodes == 5
    assert [(stage.stage, stage.fresh) for stage in better.stages] == [
        ("first", False),
        ("second", False),
        ("fresh", True),
        ("fresh", True),
    ]
    assert {pair.seed for pair in better.pairs} == {*range(1, 11), *range(100, 110)}
    # The candidate on 20 seeds, the incumbent on the 10 fresh ones.
    assert better.play_cost.episodes == 30
    played = list(whole.folder.glob("runs/toys/evaluations/*/episodes/*/*/result.json"))
    assert len(played) == 10 + 5 + 30


def test_fresh_seeds_serve_one_candidate_only(evolve: Evolve) -> None:
    other = finishing(
        "Signs may be noted, at length.",
        edit("scaffold.toml", FORGETFUL, NORMAL),
        edit("scaffold.toml", "keep_last = 10", "keep_last = 12"),
    )
    done = evolve(
        BETTER,
        other,
        overrides=(*SHORT, "evolve.continuations=0", "evolve.gate_options.alpha=0.001"),
    )
    assert [trial.verdict for trial in done.trials] == ["dropped", "dropped"]
    used = [[pair.seed for pair in trial.pairs] for trial in done.trials]
    assert used == [[1, 2, 3, 100, 101], [1, 2, 3, 102, 103]]


def test_what_a_specialist_was_judged_on_is_not_fresh_for_a_scaffold(
    evolve: Evolve, opened: Callable[..., Opened]
) -> None:
    few = (*SHORT, "evolve.continuations=0", "evolve.gate_options.alpha=0.001")
    first = evolve(BETTER, overrides=(*few, "evolve.attempts=1"))
    (before,) = first.trials
    line = msgspec.structs.replace(
        before, kind="recipe", review="reviews/t001-a", stages=(), fresh=(102, 103)
    )
    append_trial(opened().run.ledger, line)
    other = finishing(
        "Signs may be noted, at length.",
        edit("scaffold.toml", FORGETFUL, NORMAL),
        edit("scaffold.toml", "keep_last = 10", "keep_last = 12"),
    )
    second = evolve(BETTER, other, overrides=few).trials[-1]
    assert (before.fresh, second.fresh) == ((100, 101), (104, 105))


def test_a_run_that_began_with_a_recipe_is_not_gone_on_with_in_another_game(
    evolve: Evolve, opened: Callable[..., Opened]
) -> None:
    few = ("evolve.revisions=1", "evolve.attempts=1")
    (tried,) = evolve(IDLE, overrides=few).trials
    run = opened().run
    run.ledger.unlink()
    append_trial(run.ledger, msgspec.structs.replace(tried, kind="recipe"))
    with pytest.raises(ConfigError, match="another game, model or agent"):
        evolve(IDLE, overrides=("environment.rooms=2", *few))


def test_the_same_command_on_a_run_that_is_over_asks_and_plays_nothing(
    whole: Whole, plugins: Plugins
) -> None:
    before = sorted(whole.folder.glob("runs/toys/evaluations/*"))
    turns = paid(whole.folder)
    config = parse_config(config_text(whole.folder, full=True), WHOLE_OVERRIDES)
    watching = Stopping("plain", io.StringIO())
    assert anyio.run(do, open_config(config, plugins), Task(), watching) == whole.done
    assert sorted(whole.folder.glob("runs/toys/evaluations/*")) == before
    assert paid(whole.folder) == turns


def test_a_loop_stopped_before_each_of_its_steps_ends_as_one_that_was_not(
    evolve: Evolve, opened: Callable[..., Opened], tmp_path: Path
) -> None:
    whole = evolve(BROKEN, WORSE, BETTER, overrides=SHORT)
    turns = paid(tmp_path)
    (tmp_path / "runs").rename(tmp_path / "whole")
    (tmp_path / "calls.txt").unlink()
    found, stops = opened(*SHORT), 0
    while stops < 50:
        try:
            anyio.run(do, found, Task(), Stopping("plain", io.StringIO()))
        except Stopped:
            stops += 1
        else:
            break
    assert 8 < stops < 50 and paid(tmp_path) == turns
    assert list(map(timeless, ledger_of(tmp_path))) == list(map(timeless, whole.trials))


def test_a_game_with_several_tasks_has_a_pair_for_each_and_its_stages_count_seeds(
    evolve: Evolve,
) -> None:
    both = 'environment.tasks=["default", "other"]'
    done = evolve(BETTER, overrides=(both, "evolve.revisions=1", "evolve.gate_options.fresh=1"))
    (trial,) = done.trials
    assert trial.verdict == "kept"
    assert [len(stage.pairs) for stage in trial.stages] == [4, 2, 2]
    assert {(pair.task, pair.seed) for pair in trial.pairs} == {
        (task, seed) for task in ("default", "other") for seed in (1, 2, 3, 100)
    }


def test_a_change_that_was_tried_before_is_refused_without_playing_it(evolve: Evolve) -> None:
    worse = finishing("One turn.", edit("scaffold.toml", "plan_turns = 3", "plan_turns = 1"))
    done = evolve(worse, IDLE, worse, overrides=("evolve.revisions=1",))
    assert [trial.verdict for trial in done.trials[:3]] == ["dropped", "no_proposal", "refused"]
    assert "plays as forgetful-r1a, which was tried before" in done.trials[2].why


def test_a_meta_llm_that_refuses_makes_no_proposal(evolve: Evolve) -> None:
    turned_down = ScriptedReview(turns=(ScriptedTurn(text="I will not.", end="refusal"),))
    done = evolve(turned_down, overrides=("evolve.revisions=1", "evolve.attempts=1"))
    (trial,) = done.trials
    assert (trial.verdict, trial.why) == ("no_proposal", "the meta-LLM refused: I will not.")


def test_a_review_that_reaches_its_own_budget_makes_no_proposal(evolve: Evolve) -> None:
    done = evolve(
        BETTER,
        overrides=("evolve.review.turns=1", "evolve.revisions=1", "evolve.attempts=1"),
    )
    (trial,) = done.trials
    assert trial.verdict == "no_proposal" and "1 of 1 turns" in trial.why


def test_a_limit_of_the_run_counts_reviews_and_play_and_leaves_the_review_open(
    evolve: Evolve, tmp_path: Path
) -> None:
    few = ("evolve.revisions=1", "evolve.attempts=1", "evolve.continuations=0")
    with pytest.raises(LimitReached, match=r"0.00 dollars on reviews and play.*run_cost"):
        evolve(BETTER, overrides=("limits.run_cost=0.003", *few))
    assert len(paid(tmp_path)) == 2 and ledger_of(tmp_path) == ()
    done = evolve(BETTER, overrides=few)
    assert len(paid(tmp_path)) == 3 and verdicts(done.trials) == [("001-a", "kept")]


def test_a_limit_of_the_run_stops_play_before_it_is_begun(evolve: Evolve, tmp_path: Path) -> None:
    with pytest.raises(LimitReached):
        evolve(BETTER, overrides=("limits.run_tokens=28000",))
    (review,) = tmp_path.glob("runs/toys/reviews/*")
    assert review.name == "001-a" and ledger_of(tmp_path) == ()
    assert verdicts(evolve(BETTER, overrides=SHORT).trials) == [("001-a", "kept")]
    assert len(paid(tmp_path)) == 3


CODE = """
def remember(context):
    {raises}
    return {{"notices": ["You are at " + context["status"] + "."]}}

def guard(context, action):
    return "accept"
"""
FAILING = 'if "room 3" in context["status"]: raise ValueError("no such room")'


def with_code(raises: str = "pass") -> ScriptedReview:
    return finishing(
        "Signs may be noted, and code helps.",
        edit("scaffold.toml", FORGETFUL, NORMAL),
        write("code.py", CODE.format(raises=raises)),
    )


def test_code_that_fails_in_play_only_is_refused_and_not_played_for_ever(evolve: Evolve) -> None:
    done = evolve(with_code(FAILING), overrides=(*SHORT, "evolve.attempts=1"))
    first = done.trials[0]
    assert (first.verdict, first.evaluations) == ("refused", ())
    assert first.why.startswith("its code fails in play: ") and "no such room" in first.why


def test_what_is_kept_is_also_played_without_its_code_and_both_are_reported(
    evolve: Evolve,
) -> None:
    few = ("evolve.revisions=1", "evolve.gate_options.fresh=1")
    done = evolve(with_code(), task=Task(with_report=True), overrides=few)
    (trial,) = done.trials
    bare = trial.without_code
    assert trial.verdict == "kept" and bare is not None
    assert (bare.mean, bare.with_code) == (100.0, 100.0)
    assert not set(bare.evaluations) & set(trial.evaluations)
    # Candidate on 4 seeds, the incumbent on the fresh one, then 3 without code.
    assert trial.play_cost.episodes == 4 + 1 + 3
    assert [row.without_code for row in done.report] == [None, 100.0]


def test_kept_versions_are_played_on_the_report_seeds_once_and_then_nothing_is_tried(
    evolve: Evolve, opened: Callable[..., Opened]
) -> None:
    one = ("evolve.revisions=1",)
    done = evolve(BETTER, task=Task(with_report=True), overrides=one)
    first, kept = done.report
    assert (first.name, kept.name, kept.mean) == ("forgetful", "forgetful-r1a", 100.0)
    assert kept.over_first is not None and kept.over_first.n == 3
    with pytest.raises(RunError, match="played report seeds already"):
        evolve(BETTER, overrides=("evolve.revisions=2",))
    assert evolve(BETTER, task=Task(with_report=True), overrides=one).report == done.report
    assert len(read_ledger(opened().run.ledger)) == 1


def test_a_run_is_not_gone_on_with_from_another_scaffold_or_in_another_game(
    evolve: Evolve,
) -> None:
    few = ("evolve.revisions=1", "evolve.attempts=1")
    evolve(IDLE, overrides=few)
    with pytest.raises(ConfigError, match="began with the scaffold forgetful"):
        evolve(IDLE, overrides=("scaffold.from=toy", *few))
    with pytest.raises(ConfigError, match="another game, model or agent"):
        evolve(IDLE, overrides=("environment.rooms=2", *few))


def test_a_scaffold_against_itself_is_played_on_two_blocks_of_seeds(evolve: Evolve) -> None:
    done = evolve(task=Task(aa=2), overrides=("evolve.aa=20 from 1000",))
    found = done.against_itself
    assert found is not None and len(found.repeats) == 2 and not done.loop_ended
    assert found.rate == found.accepted / 2 and found.interval[0] >= 0 and found.interval[1] <= 1
    assert found.cost.episodes == 2 * sum(repeat.seeds for repeat in found.repeats)
    with pytest.raises(ConfigError, match="may need 30 seeds"):
        evolve(task=Task(aa=3), overrides=("evolve.aa=20 from 1000",))
