"""`automem scaffold lineage`, and versions of a run as sources of scaffolds."""

from pathlib import Path

import msgspec
import pytest

from automem.cli.lineage import Lineage, tree
from automem.cli.versions import find_version, run_versions, scaffold_of
from automem.errors import RunError
from automem.records.gate import Pair
from automem.records.ledger import GateStage, PlayCost, Trial, WithoutCode
from automem.records.review import Spent
from automem.run.layout import RunFolder
from automem.run.ledger import append_trial, read_ledger
from automem.scaffold.content import content_hash, copy_into
from automem.scaffold.new import new_scaffold
from automem.testing.toy import toy_scaffold

from .conftest import Automem

STAGE = GateStage(
    stage="first",
    decision="keep",
    why="",
    pairs=(Pair(task="default", seed=1, before=0.25, after=0.5),),
    before=25.0,
    after=50.0,
    difference=25.0,
)


@pytest.fixture
def evolved(toys: Path, folder: Path) -> RunFolder:
    """The toy run with a ledger: one change dropped, one kept, one review without a proposal."""
    run = RunFolder(toys)
    first = Trial(
        at="2026-11-20T12:00:00+00:00",
        settings="s",
        revision=1,
        attempt=1,
        review="reviews/001-a",
        parent=content_hash(toy_scaffold()),
        parent_name="toy",
        candidate=kept(run, folder, "worse"),
        candidate_name="worse",
        change="One turn to plan.",
        verdict="dropped",
        why="the mean\nis not larger",
        stages=(STAGE,),
        review_cost=Spent(turns=3, tokens=12_000, cost=0.5, seconds=61.0),
        play_cost=PlayCost(episodes=5, tokens=2_000),
    )
    second = msgspec.structs.replace(
        first,
        continuation=1,
        review="reviews/001-b",
        candidate=kept(run, folder, "better"),
        candidate_name="better",
        verdict="kept",
        why="w" * 400,
        without_code=WithoutCode(mean=31.0, standard_error=1.0, with_code=50.0, evaluations=()),
    )
    third = msgspec.structs.replace(
        first,
        revision=2,
        review="reviews/002-a",
        parent=second.candidate,
        parent_name="better",
        candidate="",
        candidate_name="",
        change="",
        verdict="no_proposal",
        why="the meta-LLM gave up",
        stages=(),
    )
    for trial in (first, second, third):
        append_trial(run.ledger, trial)
    return run


def kept(run: RunFolder, folder: Path, name: str) -> str:
    copy = copy_into(new_scaffold(toy_scaffold(), folder / name, name), run.scaffolds)
    return content_hash(copy)


def test_the_tree_says_what_changed_what_it_brought_and_what_it_cost(
    call: Automem, evolved: RunFolder
) -> None:
    done = call("scaffold", "lineage", "toys")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("0  toy  ")
    assert lines[1:5] == [
        "|- 001-a  dropped: One turn to plan.",
        "|    the mean is not larger",
        "|    25.00 % -> 50.00 % over 1 pair",
        "|    review: 3 turns, 12.0k tokens, $0.5000, 1 min 01 s; play: 5 episodes, 2,000 tokens, "
        "$0.00",
    ]
    assert "|- 001-b  kept, continuation 1: One turn to plan." in lines
    assert f"|    {'w' * 300}..." in lines
    assert "|    without its code 31.00 %, with it 50.00 %" in lines
    assert any(line.startswith("   1  better  ") for line in lines)
    assert "   |- 002-a  no proposal" in lines


def test_on_a_terminal_a_long_line_goes_on_below_its_beginning(evolved: RunFolder) -> None:
    lines = list(tree(read_ledger(evolved.ledger), 60))
    assert lines[4:6] == [
        "|    review: 3 turns, 12.0k tokens, $0.5000, 1 min 01 s;",
        "|    play: 5 episodes, 2,000 tokens, $0.00",
    ]
    assert max(map(len, lines)) <= 60


def test_the_ledger_and_the_versions_come_as_json(call: Automem, evolved: RunFolder) -> None:
    done = call("scaffold", "lineage", str(evolved.path), "--json")
    lineage = msgspec.json.decode(done.out, type=Lineage)
    assert [(v.number, v.name, v.review) for v in lineage.versions] == [
        (0, "toy", ""),
        (None, "worse", "001-a"),
        (1, "better", "001-b"),
    ]
    assert [trial.verdict for trial in lineage.trials] == ["dropped", "kept", "no_proposal"]


def test_a_run_without_a_ledger_says_so(call: Automem, toys: Path) -> None:
    done = call("scaffold", "lineage", "toys")
    assert done.code == 1 and "nothing was tried there" in done.err
    assert call("scaffold", "show", "toys:toy").code == 0


def test_versions_are_found_by_number_name_review_and_hash(evolved: RunFolder) -> None:
    runs = evolved.path.parent
    better = find_version("toys", "better", runs)
    assert better.name.endswith("-better")
    for other in ("1", "001-b", better.name[:8]):
        assert find_version("toys", other, runs) == better
    with pytest.raises(RunError, match=r"no version '7'.*\n  0  toy\n  -  worse  001-a"):
        find_version("toys", "7", runs)


def test_two_versions_of_a_run_are_compared(call: Automem, evolved: RunFolder) -> None:
    done = call("scaffold", "diff", "toys:0", "toys:1")
    assert done.code == 0 and '+name = "better"' in done.out
    assert call("scaffold", "diff", "toys:0", "toy").err.strip() == "they are equal"


def test_a_lost_copy_is_told(evolved: RunFolder) -> None:
    (version, *_) = run_versions(evolved, read_ledger(evolved.ledger))
    lost = msgspec.structs.replace(version, hash="0" * 16)
    with pytest.raises(RunError, match="holds no copy of toy"):
        scaffold_of(evolved, lost)
