"""Changes, incumbents and machines that fail in the middle of a loop: none of it is a score."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import anyio
import msgspec
import pytest

from automem.episode.stream import stream_events
from automem.errors import ConfigError, EvaluationUnfinished
from automem.loops.judging import Judgment, Seeds, Sides, judge
from automem.loops.playing import Player, Side
from automem.loops.purse import Purse
from automem.loops.watching import Watching
from automem.records.gate import Pair, Verdict
from automem.records.result import EpisodeResult
from automem.records.trace import Asked
from automem.scaffold.new import new_scaffold
from automem.testing.scripted_meta import ScriptedReview
from automem.testing.toy import toy_scaffold
from automem_meta.evolve.opening import Opened
from automem_meta.evolve.working import Task, do

from .conftest import Evolve, verdicts
from .scripts import BETTER, FORGETFUL, NORMAL, edit, finishing, write

ONE = ("evolve.revisions=1", "evolve.attempts=1", "evolve.continuations=0")
FROM_WHITE = "evolve.fresh=40 from 103"
"""The first sign of seed 103 says white; on no search seed the first one does."""
CODE = """
def remember(context):
    if context["state"].get("white"):
        raise ValueError("no white sign")
    first = context["status"].startswith("room 1,")
    return {"state": {"white": first and "white" in context["observation"]}}
"""
LEANING = """
seen = []

def perceive(context):
    seen.append(context["step"])
    return {}

def remember(context):
    if context["step"] > 1 and not seen:
        raise ValueError("perceive was never asked")
    return {}
"""


def with_code(code: str, more: str = "") -> ScriptedReview:
    return finishing(
        f"Signs may be noted, with code.{more}",
        edit("scaffold.toml", FORGETFUL, NORMAL),
        write("code.py", code + more),
    )


def evaluations(folder: Path) -> list[Path]:
    return list(folder.glob("runs/toys/evaluations/*"))


@pytest.mark.parametrize(
    ("provider", "options", "said"),
    [
        ("anthropic", '{api_key_env="AUTOMEM_TEST_NO_KEY"}', "AUTOMEM_TEST_NO_KEY, which is not"),
        ("openai-chat", '{base_url="http://127.0.0.1:9/v1"}', "limit on money, but the price of"),
    ],
)
def test_a_missing_key_or_price_is_told_before_anything_is_played(
    opened: Callable[..., Opened], tmp_path: Path, provider: str, options: str, said: str
) -> None:
    overrides = ("evolve.model=unheard-of", "evolve.review.cost=1.0")
    found = opened(f"evolve.provider={provider}", f"evolve.options={options}", *overrides)
    with pytest.raises(ConfigError, match=said):
        anyio.run(do, found, Task(), Watching("plain", io.StringIO()))
    assert evaluations(tmp_path) == []


def test_seeds_on_which_a_change_failed_are_fresh_for_no_later_one(evolve: Evolve) -> None:
    two = ("evolve.revisions=1", "evolve.attempts=2", "evolve.continuations=0", FROM_WHITE)
    done = evolve(with_code(CODE), BETTER, overrides=two)
    assert verdicts(done.trials) == [("001-a", "refused"), ("001-b", "kept")]
    failed, kept = done.trials
    assert failed.why.startswith("its code fails in play: ") and "no white sign" in failed.why
    assert failed.fresh == (103, 104) and failed.stages[-1].decision == "more"
    assert len(failed.evaluations) == 2 and {pair.seed for pair in failed.pairs} == {1, 2, 3}
    assert kept.fresh == (105, 106) and kept.fresh_seeds == {105, 106}
    # Three of the change, and the incumbent on two fresh seeds.
    assert failed.play_cost.episodes == 3 + 2


class OneFresh:
    """A gate that plays one fresh seed."""

    most_seeds = 1

    def judge(self, pairs: Sequence[Pair]) -> Verdict:
        if pairs:
            return Verdict(decision="keep", why="played")
        return Verdict(decision="more", seeds=1, fresh=True, why="one is wanted")


@pytest.mark.parametrize("failing", ["before", "after"])
def test_a_change_is_not_to_blame_where_its_incumbent_fails(
    opened: Callable[..., Opened], tmp_path: Path, failing: str
) -> None:
    found = opened()
    player = Player(found.config, found.plugins, found.run, Purse(found.run, found.config.limits))
    fine = player.keep(str(toy_scaffold())).folder
    coded = new_scaffold(toy_scaffold(), tmp_path / "coded", "coded")
    (coded / "code.py").write_text(CODE, encoding="utf-8")
    bad = player.keep(str(coded)).folder
    good, evil = Side(fine), Side(bad)
    sides = Sides(evil, good) if failing == "before" else Sides(good, evil)

    async def judged() -> Judgment:
        return await judge(OneFresh(), player, sides, Seeds((), (103,)), "")

    if failing == "before":
        with pytest.raises(EvaluationUnfinished, match="no white sign"):
            anyio.run(judged)
        return
    judgment = anyio.run(judged)
    assert "no white sign" in str(judgment.failure) and not judgment.kept
    assert (judgment.fresh, judgment.stages, judgment.pairs) == ((103,), [], [])


def test_what_is_kept_and_cannot_do_without_its_code_is_reported_as_such(evolve: Evolve) -> None:
    done = evolve(with_code(LEANING), task=Task(with_report=True), overrides=ONE)
    (trial,) = done.trials
    assert trial.verdict == "kept" and trial.without_code is None
    assert "without perceive and guard its code fails in play" in trial.why
    assert [row.without_code for row in done.report] == [None, None]
    assert "perceive was never asked" in done.report[1].code_is_needed


def test_what_fails_on_a_search_seed_that_the_gate_did_not_play_is_not_kept(
    evolve: Evolve,
) -> None:
    gate = ("evolve.gate=paper", "evolve.gate_options={seeds=3}", 'seeds.search="1-4"')
    done = evolve(with_code(CODE), overrides=(*ONE, *gate))
    (trial,) = done.trials
    assert trial.verdict == "refused" and "no white sign" in trial.why
    assert len(trial.stages) == 1 and trial.stages[0].decision == "keep"


def test_what_a_change_spent_before_it_failed_counts_towards_the_limits_of_the_run(
    evolve: Evolve, opened: Callable[..., Opened]
) -> None:
    done = evolve(with_code(CODE), overrides=(*ONE, FROM_WHITE))
    results = opened().run.path.glob("evaluations/*/episodes/*/*/result.json")
    finished = [msgspec.json.decode(path.read_bytes(), type=EpisodeResult) for path in results]
    usages = [result.totals.usage for result in finished]
    played = sum(usage.input_tokens + usage.output_tokens for usage in usages)
    reviewed = sum(trial.review_cost.tokens for trial in done.trials)
    (left,) = opened().run.path.glob("evaluations/*/episodes/*/*/trace.jsonl")
    asked = [event.usage for event in stream_events(left) if isinstance(event, Asked)]
    unfinished = sum(usage.input_tokens + usage.output_tokens for usage in asked)
    assert unfinished and done.tokens == played + reviewed + unfinished
