"""`automem train` as a person calls it."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from automem.cli.app import automem
from automem.cli.errors import run_command
from automem.loops.loop import LoopEstimate
from automem.run.layout import RunFolder
from automem.run.status import read_status
from automem_train.loop.working import Done

from .scripts import STRONG, WEAK, choosing, config_text, recipe, write_script


class Called(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Call = Callable[..., Called]
CHANGE = "Learn [/bold] every note."
ONE = ("-s", "train.iterations=1")


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """`call("train", "train.toml")` with all that a toy loop takes installed."""
    site = tmp_path / "site"
    info = site / "automem_toy_training-1.dist-info"
    info.mkdir(parents=True)
    metadata = "Metadata-Version: 2.1\nName: automem-toy-training\nVersion: 1\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    parts = ("toy", "toy_learner", "scripted_meta", "trainer")
    points = "".join([f"{part} = automem.testing.{part}\n" for part in parts])
    (info / "entry_points.txt").write_text(f"[automem]\n{points}", encoding="utf-8")
    monkeypatch.syspath_prepend(site)  # pyright: ignore[reportUnknownMemberType]
    monkeypatch.chdir(tmp_path)
    write_script(tmp_path / "script.json", [choosing(CHANGE, recipe(WEAK, STRONG))])
    (tmp_path / "train.toml").write_text(config_text(tmp_path), encoding="utf-8")

    def call(*arguments: str) -> Called:
        capsys.readouterr()
        code = run_command(automem, arguments)
        written = capsys.readouterr()
        return Called(code, written.out, written.err)

    assert sys.stderr.isatty() is False
    return call


def test_the_loop_says_what_is_left_what_it_does_and_what_came_of_it(
    call: Call, tmp_path: Path
) -> None:
    done = call("train", "train.toml", *ONE)
    assert (done.code, done.out) == (0, "")
    assert "time of training" in done.err and "recipe 1: turns to learn from" in done.err
    assert "review by scripted-meta; best so far toy alone (0 kept, 0 tried)" in done.err
    assert "configuration 2 of 2: training by toy-trainer" in done.err
    assert "step 4 of 4" in done.err and "gate stage fresh (5 seeds)" in done.err
    assert "recipe 1 was the last; the best specialist is toy+t001-a2" in done.err
    assert "on the scaffold toy" in done.err and "Learn [/bold] every note (rank 16" in done.err
    assert "trained for" in done.err
    (shown,) = [line for line in done.err.splitlines() if "automem adapters show" in line]
    adapter = call(*shlex.split(shown.partition("automem ")[2]))
    assert adapter.code == 0 and "toy-trainer" in adapter.err
    assert "next: automem train train.toml" in done.err and "--report" in done.err
    status = read_status(RunFolder(tmp_path / "runs" / "toys"))
    assert status is not None and status.status == "finished"

    again = call("train", "train.toml", *ONE, "--report", "--json", "--display", "json")
    found = msgspec.json.decode(again.out, type=Done)
    assert [row.kind for row in found.report] == ["scaffold", "specialist"]
    assert "over one model" in again.err and "--report" not in again.err.rpartition("next:")[2]


def test_an_estimate_plays_nothing_and_writes_nothing(call: Call, tmp_path: Path) -> None:
    done = call("train", "train.toml", "--estimate", "--json", "--run", '4"2')
    assert done.code == 0
    assert msgspec.json.decode(done.out, type=LoopEstimate).at_most.trainings == 10
    assert not (tmp_path / "runs").exists()
    assert "next: automem train train.toml --json --run" in done.err


def test_a_mistake_is_usage_and_a_limit_has_its_own_code_and_the_way_on(call: Call) -> None:
    wrong = call("train", "train.toml", "-s", "train.trainer=pef")
    assert wrong.code == 2 and "did you mean 'peft'" in wrong.err
    player = call("train", "train.toml", "-s", "roles.memory.backend=toy-player")
    assert player.code == 2 and "is no model that AutoMem can train" in player.err
    stopped = call("train", "train.toml", "-s", "limits.run_tokens=1000")
    assert stopped.code == 3
    assert "go on with: automem train train.toml -s limits.run_tokens=1000" in stopped.err


def test_a_trainer_that_fails_says_why_and_how_to_go_on(call: Call, tmp_path: Path) -> None:
    options = 'train.trainer_options={faults=["fails=2"]}'
    failed = call("train", "train.toml", *ONE, "-s", options)
    assert failed.code == 1
    assert "failed: no more room; what was learned is kept, and the same command" in failed.err
    assert not (tmp_path / "runs" / "toys" / "ledger.jsonl").exists()
    assert json.loads((tmp_path / "runs/toys/run.json").read_text())["status"] == "failed"
