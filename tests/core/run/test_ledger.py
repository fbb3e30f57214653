"""The ledger is only appended to, and read back whatever a killed process left of its last line."""

from pathlib import Path

import msgspec
import pytest

from automem.errors import RunError
from automem.records.gate import Pair
from automem.records.ledger import GateStage, PlayCost, Trial
from automem.run.layout import RunFolder
from automem.run.ledger import append_trial, read_ledger, trial_line

TRIAL = Trial(
    at="2026-11-20T12:00:00+00:00",
    settings="s",
    revision=1,
    attempt=2,
    review="reviews/001-c",
    parent="p",
    verdict="no_proposal",
    why="the meta-LLM gave up",
)


def stage(*differences: float, p: float | None = None) -> GateStage:
    return GateStage(
        stage="first",
        decision="more",
        why="",
        pairs=tuple(
            Pair(task="default", seed=n, before=0.5, after=0.5 + d)
            for n, d in enumerate(differences)
        ),
        before=50.0,
        after=50.0,
        difference=0.0,
        p=p,
    )


def test_lines_come_back_in_the_order_written(tmp_path: Path) -> None:
    path = RunFolder(tmp_path / "run").ledger
    assert read_ledger(path) == ()
    again = msgspec.structs.replace(TRIAL, attempt=3, verdict="kept")
    append_trial(path, TRIAL)
    append_trial(path, again)
    assert read_ledger(path) == (TRIAL, again)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_lines_of_one_kind_are_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    recipe = msgspec.structs.replace(TRIAL, kind="recipe")
    append_trial(path, recipe)
    append_trial(path, TRIAL)
    assert read_ledger(path, "scaffold") == (TRIAL,) and read_ledger(path, "recipe") == (recipe,)


def test_a_torn_last_line_is_left_out_and_gives_way_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    append_trial(path, TRIAL)
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole + whole[:cut])
        assert read_ledger(path) == (TRIAL,)
    append_trial(path, TRIAL)
    assert read_ledger(path) == (TRIAL, TRIAL)
    path.write_bytes(whole[:-1])
    assert read_ledger(path) == ()


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    append_trial(path, TRIAL)
    path.write_bytes(b'{"kind": "poem"}\n' + path.read_bytes())
    with pytest.raises(RunError, match=r"line 1 of .*ledger.jsonl"):
        read_ledger(path)


def test_reviews_are_numbered_by_revision_and_lettered_by_try(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    names = [run.review(3, number).name for number in (1, 2, 26, 27, 53)]
    assert names == ["003-a", "003-b", "003-z", "003-aa", "003-ba"]
    assert TRIAL.name == "001-c"


def test_the_last_judgment_and_all_pairs_stand_for_a_trial() -> None:
    played = msgspec.structs.replace(TRIAL, stages=(stage(0.1), stage(0.2, 0.3, p=0.04)))
    assert (played.p, played.difference, len(played.pairs)) == (0.04, 0.0, 3)
    assert (TRIAL.p, TRIAL.difference, TRIAL.pairs) == (None, None, ())


def test_a_price_that_is_unknown_once_is_unknown_in_the_sum() -> None:
    known = PlayCost(episodes=1, steps=10, tokens=100, cost=0.5, seconds=1.0)
    assert (known + known).cost == 1.0
    assert known + PlayCost(episodes=1, cost=None) == PlayCost(
        episodes=2, steps=10, tokens=100, cost=None, seconds=1.0
    )


def test_a_line_reads_as_a_sentence() -> None:
    assert trial_line(TRIAL) == "revision 1, attempt 2: no proposal: the meta-LLM gave up"
    told = msgspec.structs.replace(TRIAL, continuation=1, change="A keyed map. ", verdict="kept")
    assert trial_line(told) == (
        "revision 1, attempt 2, continuation 1: A keyed map. kept: the meta-LLM gave up"
    )
