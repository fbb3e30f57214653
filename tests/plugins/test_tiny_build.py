"""`automem-tiny build`: phases that are done once each, in a folder with one set of numbers."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import msgspec
import pytest

from automem_tiny.building.build import Build, build_model
from automem_tiny.building.commands import Command, Tell
from automem_tiny.building.errors import BuildError
from automem_tiny.building.phases import Plan
from automem_tiny.building.pins import Pins, locked, pin
from automem_tiny.building.standing import Standing, text
from automem_tiny.cli import main
from automem_tiny.corpus.playing import Tally
from automem_tiny.recipe import QUICK, Recipe, Training

PINS = Pins(recipe=QUICK, versions={"torch": "2"}, sources={"corpus": "1"})


@dataclass(slots=True)
class FakeRunner:
    """Makes what commands would, in an instant; the later of two first."""

    failing: str = ""
    ran: list[str] = field(default_factory=list[str])

    async def run(self, command: Command, tell: Tell) -> None:
        tell(0.5, f"half of {command.name}")
        if command.name == self.failing:
            raise BuildError(f"{command.name} failed")
        await anyio.lowlevel.checkpoint()
        self.ran.append(command.name)
        command.makes.parent.mkdir(parents=True, exist_ok=True)
        command.makes.write_text(self._made(command), encoding="utf-8")

    def _made(self, command: Command) -> str:
        if command.makes.suffix != ".tallies":
            return f"{command.name}\n"
        scaffold = str(command.arguments[command.arguments.index("--scaffold") + 1])
        tally = Tally(60_000, scaffold, steps=10, replies=20, agreed=5, progression=0.5)
        return msgspec.json.encode(tally).decode() + "\n"


def build(folder: Path, runner: FakeRunner) -> Standing:
    made = Build(Plan(folder, QUICK), PINS, runner)
    standing = made.standing("a build")
    anyio.run(made.run, standing)
    return standing


def test_a_build_makes_a_model_and_says_what_made_it(tmp_path: Path) -> None:
    build(tmp_path, FakeRunner())
    told = json.loads((tmp_path / "model" / "provenance.json").read_bytes())
    assert told["pins"]["recipe"]["teacher_episodes"] == QUICK.teacher_episodes
    assert told["corpora"][0]["lessons"] == 2
    assert told["evaluation"][0]["agreed"] == 0.25
    assert set(told["sha256"]) == {"model.safetensors"}
    assert told["commands"][0].startswith("python -m automem_tiny.corpus.making parts/teacher/")
    assert str(tmp_path) not in json.dumps(told)
    assert not (tmp_path / "parts").exists()


def test_episodes_lie_in_the_order_of_their_seeds_whichever_were_played_first(
    tmp_path: Path,
) -> None:
    build(tmp_path, FakeRunner())
    said = (tmp_path / "teacher.jsonl").read_text(encoding="utf-8").splitlines()
    assert said == ["teacher-201000", "teacher-201002"]


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    build(tmp_path, FakeRunner())
    again = FakeRunner()
    build(tmp_path, again)
    assert again.ran == []


@pytest.mark.parametrize("failing", ["teacher-201002", "tokenizer", "train-1", "pack"])
def test_a_build_goes_on_with_what_failed(tmp_path: Path, failing: str) -> None:
    first, second, whole = FakeRunner(failing), FakeRunner(), FakeRunner()
    with pytest.raises(BuildError, match=f"{failing} failed"):
        build(tmp_path / "one", first)
    build(tmp_path / "one", second)
    build(tmp_path / "other", whole)
    assert sorted(first.ran + second.ran) == sorted(whole.ran)
    assert failing in second.ran


def test_how_far_a_build_is_is_said_in_one_line(tmp_path: Path) -> None:
    standing = Build(Plan(tmp_path, QUICK), PINS, FakeRunner()).standing("a build")
    assert text(standing.shown()) == "beginning"
    standing.begin(3)
    standing.hear("train-0", 0.5, "step 20/40")
    said = text(standing.shown())
    assert said.startswith("phase 3 of 7: training 1 of 2, 50 %  step 20/40  (0 s so far, about ")


def test_times_are_added_where_a_build_is_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "times.json").write_text('{"teacher\'s episodes": 100.0}', encoding="utf-8")
    standing = Build(Plan(tmp_path, QUICK), PINS, FakeRunner()).standing("a build")
    standing.begin(1)
    standing.keep()
    assert standing.times["teacher's episodes"] >= 100.0


def test_shares_come_from_what_commands_say() -> None:
    playing = Command("play", "corpus.making", (), Path("lessons"), episodes=4)
    assert playing.share("crafter-tiny-v0 7: 30 steps, 0.05\nwarning\n") == 0.25
    training = Command("train", "training.train", (), Path("weights"))
    assert training.share("step 20/80  loss 1.0\nstep 40/80  loss 0.9\n") == 0.5
    assert training.share("") == 0.0


def test_a_folder_made_with_other_numbers_is_refused_with_what_differs(tmp_path: Path) -> None:
    pin(tmp_path, PINS)
    pin(tmp_path, PINS)
    other = msgspec.structs.replace(QUICK, first=Training(steps=41))
    with pytest.raises(BuildError, match=r"recipe\.first\.steps was 40 and is 41\."):
        pin(tmp_path, msgspec.structs.replace(PINS, recipe=other))
    with pytest.raises(BuildError, match=r'versions\.torch was "2" and is "3"'):
        pin(tmp_path, msgspec.structs.replace(PINS, versions={"torch": "3"}))
    with pytest.raises(BuildError, match="the code in corpus/ has changed"):
        pin(tmp_path, msgspec.structs.replace(PINS, sources={"corpus": "2"}))


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(BuildError, match="was not made by automem-tiny build"):
        pin(tmp_path, PINS)


def test_two_builds_cannot_share_a_folder(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(BuildError, match="another build is at work"),
        locked(tmp_path, wait_seconds=0.0),
    ):
        pass
    with locked(tmp_path, wait_seconds=0.0):
        pass


def test_a_file_is_no_folder_for_a_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert build_model(file) == 1
    assert "is a file, or lies in one" in capsys.readouterr().err


def test_without_torch_a_build_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path / "nothing"))
    assert build_model(tmp_path / "model", quick=True) == 1
    assert "automem setup local" in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["build", "--help"])
    assert "automem-tiny build /tmp/tiny --quick" in capsys.readouterr().out


def test_a_command_ends_with_its_owner(tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text(
        "import time\nprint('here', flush=True)\nwhile True: time.sleep(9)\n", encoding="utf-8"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "automem_tiny.building.companion", "endless"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        process.stdin.close()
        assert process.wait(20) == -signal.SIGKILL


def test_a_recipe_is_data() -> None:
    assert msgspec.json.decode(msgspec.json.encode(QUICK), type=Recipe) == QUICK


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.timeout(3600)
def test_a_build_that_is_killed_again_and_again_ends_with_the_same_bytes(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "automem_tiny.cli", "build", "--quick"]
    log = (tmp_path / "log").open("wb")
    subprocess.run([*argv, tmp_path / "whole"], check=True, stderr=log, stdout=log)
    luck, kills = random.Random(1), 0
    while True:
        process = subprocess.Popen([*argv, tmp_path / "killed"], stderr=log, stdout=log)
        # Later and later, so that it gets through in the end.
        if not changed(process, tmp_path / "killed", luck.randint(1, 4) + kills // 2):
            break
        how = signal.SIGINT if kills % 4 == 3 else signal.SIGKILL
        process.send_signal(how)
        # A Python that only begins has no handler yet.
        assert process.wait(60) in {-how, 128 + how, 0}
        kills += 1
    log.close()
    assert process.returncode == 0
    assert kills > 3
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")


def changed(process: subprocess.Popen[bytes], folder: Path, times: int) -> bool:
    """Wait until the folder has changed so often, or until the process ends: whether it did."""
    before: object = None
    while process.poll() is None:
        with contextlib.suppress(OSError):
            state = [(path, path.stat().st_size) for path in sorted(folder.rglob("*"))]
            times -= state != before
            before = state
        if times < 0:
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    return False


def digests(folder: Path) -> dict[str, str]:
    """Of all that is made, but for logs, and for what tells times."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent.name != "logs"
        if path.name not in {"times.json", "provenance.json"}
    }
