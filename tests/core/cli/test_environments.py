"""`automem environments`."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import pytest

from automem.cli.app import automem
from automem.cli.errors import DONE, FAILED, USAGE, run_command

GOLDEN = Path(__file__).parents[2] / "golden" / "crafter"
WEST = GOLDEN / "balrog" / "crafter_default_west.jsonl.gz"


def test_the_list_says_what_can_be_played(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(automem, ["environments", "list"]) == DONE
    said = capsys.readouterr().err
    assert "crafter: Open-world survival with 22 achievements" in said
    assert "profiles: balrog, corrected, paper; corrected unless asked otherwise" in said
    assert "tasks: 3-disks, 4-disks" in said
    assert "installed" in said


def test_a_game_whose_package_is_missing_is_listed_with_the_install_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path, monkeypatch)
    assert run_command(automem, ["environments", "list", "--json"]) == DONE
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert listed["hanoi"]["installed"]
    assert listed["hanoi"]["tasks"] == ["3-disks", "4-disks"]
    assert listed["crafter"]["profile"] == "corrected"
    assert not listed["lonely"]["installed"]
    assert "pip install 'games[lonely]'" in listed["lonely"]["missing"]


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin whose game needs a package that nobody has."""
    monkeypatch.syspath_prepend(folder)
    (folder / "lonely_plugin.py").write_text(
        "from automem import EnvironmentSpec, hookimpl\n"
        "@hookimpl\n"
        "def automem_environments():\n"
        "    return [EnvironmentSpec(name='lonely', make='lonely_game:Game', summary='',\n"
        "                            extra='games[lonely]')]\n",
        encoding="utf-8",
    )
    (folder / "lonely_game.py").write_text("import a_package_nobody_has\n", encoding="utf-8")
    info = folder / "lonely-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: lonely\nVersion: 1.0\n", encoding="utf-8")
    points = "[automem]\nlonely = lonely_plugin\n"
    (info / "entry_points.txt").write_text(points, encoding="utf-8")


def test_a_recording_is_verified(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(automem, ["environments", "verify", str(WEST)]) == DONE
    assert f"122/122 {WEST}" in capsys.readouterr().err


def test_a_difference_is_shown_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(WEST, tmp_path)
    manifest = json.loads((WEST.parent / "manifest.json").read_text(encoding="utf-8"))
    manifest[WEST.name]["valid_actions"].pop()
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    path = str(tmp_path / WEST.name)
    assert run_command(automem, ["environments", "verify", path]) == FAILED
    said = capsys.readouterr().err
    assert "first difference: line 0, seed 0, step -1, valid_actions" in said
    assert run_command(automem, ["environments", "verify", path, "--json"]) == FAILED
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["verification"]["first_difference"]["field"] == "valid_actions"


def test_a_recording_that_cannot_be_played_does_not_hide_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "alone.jsonl"
    alone.touch()
    assert run_command(automem, ["environments", "verify", str(alone), str(WEST)]) == FAILED
    said = capsys.readouterr().err
    assert f"error {alone}\n  {alone} has no manifest.json beside it" in said
    assert f"122/122 {WEST}" in said
    assert run_command(automem, ["environments", "verify", str(alone), "--json"]) == FAILED
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["verification"] is None and "manifest.json" in entry["error"]


def test_an_option_of_the_environment_can_be_set(capsys: pytest.CaptureFixture[str]) -> None:
    verify = ["environments", "verify", str(WEST)]
    assert run_command(automem, [*verify, "-s", "crafter.profile=neither"]) == FAILED
    said = capsys.readouterr().err
    assert "crafter.profile: " in said and "'neither'" in said
    assert run_command(automem, [*verify, "-s", "hanoi.speed=2"]) == DONE
    assert run_command(automem, [*verify, "-s", "crafte.profile=paper"]) == FAILED
    assert "did you mean 'crafter'" in capsys.readouterr().err


def play(monkeypatch: pytest.MonkeyPatch, typed: str, *options: str) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    return run_command(automem, ["environments", "play", "hanoi", *options])


def test_a_person_plays_by_number_or_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moves = ("2", "1", "C to B", "2", "B to A", "4", "A to C")
    assert play(monkeypatch, "\n".join(moves) + "\n", "--json") == DONE
    written = capsys.readouterr()
    assert json.loads(written.out)["ended"] == "solved"
    assert "progression 100.0 %; the game is over: solved" in written.err
    assert "  2 A to C" in written.err


def test_nonsense_is_answered_and_q_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(monkeypatch, "99\nq\n", "--task", "4-disks", "--seed", "3") == DONE
    said = capsys.readouterr().err
    assert "'99' is not an action; 'A to B' was played instead" in said
    assert "A: 4 3 2" in said


def test_the_end_of_the_input_ends_the_game(monkeypatch: pytest.MonkeyPatch) -> None:
    assert play(monkeypatch, "") == DONE


def test_the_step_limit_ends_the_game(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(monkeypatch, "1\n" * 1200) == DONE
    assert "step 1000>" in capsys.readouterr().err


def test_a_profile_can_be_chosen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("noop\n"))
    arguments = ["environments", "play", "crafter", "--profile", "balrog", "--seed", "42"]
    assert run_command(automem, arguments) == DONE
    said = capsys.readouterr().err
    assert "'noop' is not an action; 'Noop' was played instead" in said
    assert "- health: 9/9" in said


def test_an_option_of_the_game_that_is_played_can_be_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Noop\n"))
    arguments = ["environments", "play", "crafter", "-s"]
    assert run_command(automem, [*arguments, "crafter.profile=neither"]) == USAGE
    assert "crafter.profile: 'neither' is none of" in capsys.readouterr().err
    assert run_command(automem, [*arguments, "crafter.profile=balrog"]) == DONE
    assert run_command(automem, [*arguments, "hanoi.speed=2"]) == DONE
    assert run_command(automem, [*arguments, "crafte.profile=paper"]) == FAILED
    assert "did you mean 'crafter'" in capsys.readouterr().err


def test_a_game_of_any_text_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path, monkeypatch)
    (tmp_path / "lonely_game.py").write_text(
        "from automem import EnvironmentInfo, Observation, StepResult\n"
        "class Game:\n"
        "    def __init__(self, task, options):\n"
        "        self.info = EnvironmentInfo(name='lonely', task=task)\n"
        "    def reset(self, seed):\n"
        "        return Observation(text='hello')\n"
        "    def step(self, action):\n"
        "        return StepResult(observation=Observation(text=action.upper()))\n"
        "    def close(self):\n"
        "        pass\n",
        encoding="utf-8",
    )
    monkeypatch.delitem(sys.modules, "lonely_game", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO("sing\n"))
    assert run_command(automem, ["environments", "play", "lonely"]) == DONE
    said = capsys.readouterr().err
    assert "Any text is an action; q ends." in said
    assert "SING" in said


def test_a_word_of_the_game_is_not_taken_for_the_end_nor_for_a_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("5\nq\n:q\nsearch\n"))
    assert run_command(automem, ["environments", "play", "nethack", "--seed", "1"]) == DONE
    said = capsys.readouterr().err
    assert "  :q ends" in said
    assert "What do you want to drink?" in said or "anything to drink" in said
    assert "is not an action" not in said
    assert "step 3> " in said and "step 4> " not in said


def test_a_game_of_another_interpreter_names_what_makes_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path))
    play = ["environments", "play", "nethack", "-s", "nethack.engine=balrog-nle"]
    assert run_command(automem, play) == FAILED
    assert "run: automem setup nethack-balrog" in capsys.readouterr().err


def test_the_folder_of_a_user_that_is_not_there_is_a_plain_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    play = ["environments", "play", "minihack", "-s", 'minihack.boxoban_folder="~no-one/levels"']
    assert run_command(automem, play) == USAGE
    assert "there is no such user's home" in capsys.readouterr().err
