"""`automem pipeline` as a person calls it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from automem.cli.app import automem
from automem.cli.errors import run_command
from automem.loops.foreseeing import PipelineEstimate
from automem.loops.pipeline import FinalTable
from automem.run.layout import RunFolder
from automem.run.status import read_status
from automem.testing.toy_pipeline import pipeline_text

POINTS = "[automem]\ntoy = automem.testing.toy\nloops = automem.testing.loops\n"


class Called(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Call = Callable[..., Called]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """`call("pipeline", "toys.toml")` with the toy game and its two loops installed."""
    info = tmp_path / "site" / "automem_toy_loops-1.dist-info"
    info.mkdir(parents=True)
    metadata = "Metadata-Version: 2.1\nName: automem-toy-loops\nVersion: 1\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    (info / "entry_points.txt").write_text(POINTS, encoding="utf-8")
    monkeypatch.syspath_prepend(info.parent)  # pyright: ignore[reportUnknownMemberType]
    monkeypatch.setenv("AUTOMEM_DISABLE_PLUGINS", "automem-meta,automem-train,automem-tiny")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toys.toml").write_text(pipeline_text(tmp_path), encoding="utf-8")

    def call(*arguments: str) -> Called:
        capsys.readouterr()
        code = run_command(automem, arguments)
        written = capsys.readouterr()
        return Called(code, written.out, written.err)

    assert sys.stderr.isatty() is False
    return call


def test_it_says_what_is_left_works_through_all_and_ends_with_table_and_page(
    call: Call, tmp_path: Path
) -> None:
    done = call("pipeline", "toys.toml")
    assert (done.code, done.out) == (0, "")
    for said in (
        "left, if nothing helps",
        "stage 1 of 3: evolve",
        "stage 3 of 3: report seeds",
        "report seeds of toy",
        "noting - forgetful: +",
        "noting+t001-a1 - noting played by one model: +0.00 points over 8 pairs",
        "no difference in any of 8 pairs",
        "train: 1 tried, 1 kept; everything was kept; the best is",
        "spent in this run:",
        f"wrote {tmp_path}/runs/toys/report.html",
        "next: automem view",
    ):
        assert said in done.err
    run = RunFolder(tmp_path / "runs" / "toys")
    status = read_status(run)
    assert status is not None and status.status == "finished"
    assert "Final table" in run.report.read_text(encoding="utf-8")

    before = run.report.stat().st_mtime_ns
    again = call("pipeline", "toys.toml", "--json", "--display", "json")
    table = msgspec.json.decode(again.out, type=FinalTable)
    assert len(table.rows) == 5 and '"event":"stage"' in again.err
    assert run.report.stat().st_mtime_ns == before

    run.report.unlink()
    next(run.path.glob("evaluations/*/episodes/default/500/trace.jsonl*")).unlink()
    lacking = call("pipeline", "toys.toml")
    assert lacking.code == 0 and "note: no replay of" in lacking.err and run.report.exists()


def test_an_estimate_plays_nothing_and_writes_nothing(call: Call, tmp_path: Path) -> None:
    done = call("pipeline", "toys.toml", "--estimate", "--json", "--run", '4"2')
    found = msgspec.json.decode(done.out, type=PipelineEstimate)
    assert done.code == 0 and found.stages[-1].name == "all"
    assert "not known" in done.err and "next: automem pipeline toys.toml" in done.err
    assert not (tmp_path / "runs").exists()


def test_another_run_may_say_what_a_step_takes(call: Call, tmp_path: Path) -> None:
    assert call("eval", "toys.toml", "--run", "measured").code == 0
    done = call("pipeline", "toys.toml", "--estimate", "--measured-in", "measured")
    assert f"measured over 2 episodes in {tmp_path}/runs/measured" in done.err


def test_what_a_loop_refuses_leaves_nothing_behind(call: Call, tmp_path: Path) -> None:
    done = call("pipeline", "toys.toml", "-s", 'train.refuses="not here"')
    assert done.code == 1 and "not here" in done.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("without", "command"),
    [
        ((), "pipeline"),
        (('report = "8 from 500"',), "evolve"),
        (("[train]", "adapters = 1"), "evolve"),
    ],
)
def test_a_check_leads_to_the_command_that_a_configuration_is_for(
    call: Call, tmp_path: Path, without: tuple[str, ...], command: str
) -> None:
    text = pipeline_text(tmp_path)
    for part in without:
        text = text.replace(part, "")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    done = call("config", "check", "mine.toml", "-s", "environment.max_steps=9")
    assert (done.code, done.err) == (
        0,
        f"mine.toml can be played\nnext: automem {command} mine.toml -s environment.max_steps=9\n",
    )
