"""`automem evolve` as a person calls it."""

import json
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
from automem_meta.evolve.working import Done

from .scripts import FORGETFUL, IDLE, NORMAL, config_text, edit, finishing, write_script


class Called(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Call = Callable[..., Called]
CHANGE = "Signs [/bold] may be noted."
BETTER = finishing(CHANGE, edit("scaffold.toml", FORGETFUL, NORMAL))
FEW = ("-s", "evolve.attempts=1", "-s", "evolve.continuations=0", "-s", "evolve.patience=1")


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """`call("evolve", "evolve.toml")` with the toy game and the scripted meta-LLM installed."""
    site = tmp_path / "site"
    info = site / "automem_toy_loop-1.dist-info"
    info.mkdir(parents=True)
    metadata = "Metadata-Version: 2.1\nName: automem-toy-loop\nVersion: 1\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    points = "[automem]\ntoy = automem.testing.toy\nscripted = automem.testing.scripted_meta\n"
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
    monkeypatch.syspath_prepend(site)  # pyright: ignore[reportUnknownMemberType]
    monkeypatch.chdir(tmp_path)
    write_script(tmp_path / "script.json", [BETTER, IDLE])
    (tmp_path / "evolve.toml").write_text(config_text(tmp_path), encoding="utf-8")

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
    done = call("evolve", "evolve.toml", *FEW)
    assert (done.code, done.out) == (0, "")
    assert "if nothing helps" in done.err and "revision 1, attempt 1: incumbent" in done.err
    assert "review by scripted-meta; best so far forgetful (0 kept, 0 tried)" in done.err
    assert "3 turns | 5 tool calls" in done.err and "gate stage fresh (5 seeds)" in done.err
    assert "the last revision found nothing; the best scaffold is forgetful-r1a" in done.err
    assert "[/bold]" in done.err
    assert "next: automem evolve evolve.toml" in done.err and "--report" in done.err
    status = read_status(RunFolder(tmp_path / "runs" / "toys"))
    assert status is not None and status.status == "finished"

    again = call("evolve", "evolve.toml", *FEW, "--report", "--json", "--display", "json")
    found = msgspec.json.decode(again.out, type=Done)
    assert found.loop_ended and [row.name for row in found.report] == ["forgetful", "forgetful-r1a"]
    assert "over the first" in again.err and "--report" not in again.err.rpartition("next:")[2]


def test_an_estimate_plays_nothing_and_writes_nothing(call: Call, tmp_path: Path) -> None:
    done = call("evolve", "evolve.toml", "--estimate", "--json", "--run", '4"2')
    assert done.code == 0 and msgspec.json.decode(done.out, type=LoopEstimate).at_most.tries == 30
    assert not (tmp_path / "runs").exists()


def test_a_scaffold_is_gated_against_itself(call: Call, tmp_path: Path) -> None:
    done = call("evolve", "evolve.toml", "--aa", "1", "--json", "--display", "json")
    found = json.loads(done.out)["against_itself"]
    assert done.code == 0 and len(found["repeats"]) == 1
    kept = tmp_path / "runs" / "toys" / "against-itself.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == found
    assert "against itself by the gate two_stage: accepted" in done.err
    assert "if nothing helps" not in done.err


def test_a_mistake_is_usage_and_a_limit_has_its_own_code_and_the_way_on(call: Call) -> None:
    wrong = call("evolve", "evolve.toml", "-s", "evolve.gate=papr")
    assert wrong.code == 2 and "did you mean 'paper'" in wrong.err
    stopped = call("evolve", "evolve.toml", "-s", "limits.run_tokens=1000")
    assert stopped.code == 3
    assert "go on with: automem evolve evolve.toml -s limits.run_tokens=1000" in stopped.err


def test_a_run_of_another_game_is_refused_and_left_as_it_was(call: Call, tmp_path: Path) -> None:
    assert call("evolve", "evolve.toml", *FEW).code == 0
    run = RunFolder(tmp_path / "runs" / "toys")
    before = (run.config.read_bytes(), run.status.read_bytes())
    for estimate in ((), ("--estimate",)):
        refused = call("evolve", "evolve.toml", *FEW, "-s", "environment.max_steps=9", *estimate)
        assert refused.code == 2
        assert "(environment.max_steps was 14, is 9)" in refused.err
        assert (run.config.read_bytes(), run.status.read_bytes()) == before
    several = call("evolve", "evolve.toml", *FEW, "-s", "limits.episode_tokens=9999", "-s",
                   "limits.episode_seconds=99", "-s", "environment.rooms=2", "-s",
                   "environment.max_steps=9")  # fmt: skip
    assert "and 1 more)" in several.err


def test_the_run_that_is_measured_is_found_by_its_name_or_refused(call: Call) -> None:
    assert call("evolve", "evolve.toml", *FEW).code == 0
    asked = ("evolve", "evolve.toml", "--run", "new", "--estimate", "--measured-in")
    found = call(*asked, "toys")
    assert found.code == 0 and "measured over" in found.err
    assert "next: automem evolve evolve.toml --run new --measured-in toys" in found.err
    refused = call(*asked, "toy")
    assert refused.code == 1 and "did you mean 'toys'" in refused.err
