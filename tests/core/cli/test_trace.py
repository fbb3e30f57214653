"""`automem trace` and `automem replay` on a played run."""

import json
import sys
from pathlib import Path

import click
import msgspec
import pytest

from automem.cli.locate import locate_episode
from automem.cli.trace import grep
from automem.episode.reader import open_trace
from automem.records.trace import Warned
from automem.run.layout import RunFolder
from automem.ui.episodes import episode_text

from .conftest import Automem


def test_an_episode_is_summed_up(call: Automem, toys: Path) -> None:
    done = call("trace", "toys", "1")
    assert done.code == 0
    assert "# toy default, seed 1" in done.out
    assert "- steps: 16 of at most 60; ended: won" in done.out
    assert "- progression: 100.00 %, reward 4.00" in done.out
    assert "door_3" in done.out and "- SEARCH: 4 done" in done.out
    assert "- signs.txt: 4 lines, " in done.out
    assert "next: automem trace runs/toys" in done.err and "--step 0" in done.err


def test_a_step_is_shown_whole(call: Automem, toys: Path) -> None:
    done = call("trace", "runs/toys", "default/1", "--step", "3")
    assert "It asks for the color of its sign." in done.out
    assert "**PLAN turn 2**: gameplay role, toy-player" in done.out
    assert "**Action**: say " in done.out
    assert "--step 4" in done.err
    last = call("trace", "toys", "toy/1", "--step", "16")
    assert "No action: the episode ends here." in last.out and "next" not in last.err


def test_the_memory_at_a_step_is_shown_with_its_changes(call: Automem, toys: Path) -> None:
    begin = call("trace", "toys", "1", "--memory", "--step", "0").out
    assert "+" not in begin
    marked = call("trace", "toys", "1", "--memory", "--step", "3").out
    assert "## Memory after step 3" in marked and "    + in room 1" in marked
    files = json.loads(call("trace", "toys", "1", "--memory", "--json").out)
    assert len(files["signs.txt"].splitlines()) == 4


def test_steps_are_found_by_a_regular_expression(call: Automem, toys: Path) -> None:
    found = call("trace", "toys", "1", "--grep", "DOOR_[02]").out.splitlines()
    assert found == ["step 3 achieved: door_0", "step 11 achieved: door_2"]
    hits = json.loads(call("trace", "toys", "1", "--grep", "DOOR_[02]", "--json").out)
    assert hits[1] == {"step": 11, "what": "achieved", "text": "door_2"}
    nothing = call("trace", "toys", "1", "--grep", "diamond")
    assert nothing.out == "" and "nothing in 17 steps matches 'diamond'" in nothing.err
    assert call("trace", "toys", "1", "--grep", "(").code == 2


def test_an_episode_is_exported_as_markdown_and_as_json_lines(call: Automem, toys: Path) -> None:
    markdown = call("trace", "toys", "1", "--export", "md").out
    assert markdown.startswith("# toy default, seed 1") and "## Step 16" in markdown
    lines = call("trace", "toys", "1", "--export", "jsonl").out.splitlines()
    steps = [json.loads(line) for line in lines]
    assert [step["step"] for step in steps] == list(range(17))
    assert steps[3]["acted"]["progression"] == 0.25
    assert steps[1]["asked"][0]["messages"][0]["content"]
    (one,) = call("trace", "toys", "1", "--step", "3", "--json").out.splitlines()
    assert json.loads(one) == steps[3]
    assert call("trace", "toys", "1", "--step", "3", "--export", "md").out.startswith("## Step 3")


def test_too_many_hits_are_cut_and_counted(toys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened = open_trace(locate_episode(RunFolder(toys), "1").episode)
    grep(opened, "door_", most=3)
    written = capsys.readouterr()
    assert len(written.out.splitlines()) == 3
    assert written.err == "and 1 more lines; use a narrower expression\n"


def test_what_is_not_there_is_an_error_that_says_what_is(call: Automem, toys: Path) -> None:
    done = call("trace", "toys", "1", "--step", "17")
    assert done.code == 1 and "it has steps 0 to 16" in done.err
    assert "no episode '7'" in call("trace", "toys", "7").err
    assert "did you mean 'toys'" in call("trace", "toy", "1").err


def test_a_person_reads_through_a_pager(
    call: Automem, toys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paged: list[str] = []
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(click, "echo_via_pager", paged.append)
    assert call("trace", "toys", "1").out == ""
    assert paged[0].startswith("# toy default, seed 1")


def test_a_recorded_episode_is_proved_again(call: Automem, toys: Path) -> None:
    done = call("replay", "toys", "1", "--json")
    assert done.code == 0
    report = json.loads(done.out)
    assert report["matched"] == report["steps"] == 17 and report["difference"] is None
    assert "17 of 17 recorded steps match\n" in done.err


def test_a_difference_is_shown_and_fails(call: Automem, toys: Path) -> None:
    (plan,) = toys.glob("evaluations/*/plan.json")
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace('"length": 3', '"length": 5'), encoding="utf-8")
    done = call("replay", "toys", "1")
    assert done.code == 1
    assert "first difference: " in done.err and "next: automem trace runs/toys" in done.err


def test_a_trace_with_a_profile_and_warnings_says_so(toys: Path, tmp_path: Path) -> None:
    opened = open_trace(locate_episode(RunFolder(toys), "1").episode)
    events = list(opened.events())
    started = opened.started
    info = msgspec.structs.replace(started.info, versions={"profile": "paper"})
    events[0] = msgspec.structs.replace(started, info=info, scaffold="")
    events.insert(2, Warned(step=0, kind="turn_limit", text="too long"))
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in events[:3]))
    text = episode_text(open_trace(path))
    assert "- profile: paper" in text and "scaffold" not in text
    assert "- step 0: turn_limit: too long" in text
    assert "not finished" in text and "- nothing" in text and "- none" in text
