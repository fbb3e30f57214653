"""`automem scaffold`, as a person and as a program call it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from automem.cli.scaffold import scaffold
from automem.errors import ScaffoldError
from automem.scaffold.content import content_hash


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(scaffold, arguments, terminal_width=100)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_show_lists_the_named_scaffolds() -> None:
    assert "crafter-map: " in call("show").stderr
    names = [spec["name"] for spec in json.loads(call("show", "--json").stdout)]
    assert {"crafter-map", "crafter-v0"} <= set(names)


def test_show_describes_a_scaffold(folder) -> None:
    path = str(folder(more='[variants.hard]\nsummary = "harder"'))
    assert "For tests." in call("show", path).stderr
    hard = call("show", path, "--task", "hard", "--prompts")
    assert "harder" in hard.stderr
    assert "{{ instructions }}" in hard.stderr
    assert hard.stdout == ""


def test_show_gives_everything_to_a_program(folder) -> None:
    path = folder()
    shown = json.loads(call("show", str(path), "--json").stdout)
    assert (shown["folder"], shown["hash"]) == (str(path), content_hash(path))
    assert shown["manifest"]["files"]["map.txt"]["key"]["shape"] == "x,y"
    assert shown["prompts"]["handoff.md"].startswith("Play.")
    assert shown["files"] == {"map.txt": "", "notes.txt": "seed\n"}


def test_an_unknown_scaffold_is_answered_with_the_closest() -> None:
    with pytest.raises(ScaffoldError, match="did you mean 'crafter-map'"):
        call("show", "crafter-mop")


def test_check_passes_what_can_be_played(folder, edited) -> None:
    path = folder(edited('environment = "toy"', 'environment = ""'))
    result = call("check", str(path))
    assert result.exit_code == 0
    assert "can be played" in result.stderr
    assert json.loads(call("check", str(path), "--json").stdout) == {
        "folder": str(path),
        "hash": content_hash(path),
        "problems": [],
        "game": None,
    }


def test_check_says_that_a_game_is_not_there_to_check_the_actions(folder) -> None:
    result = call("check", str(folder()))
    assert result.exit_code == 0
    assert "the actions of the game were not checked: no environment named 'toy'" in result.stderr


def test_check_tells_every_problem_and_exits_with_1(folder, edited) -> None:
    path = folder(edited('environment = "toy"', 'environment = "hanoi"'))
    result = call("check", str(path))
    assert result.exit_code == 1
    assert "actions.fallback: the game has no action 'wait'; it has" in result.stderr
    checked = json.loads(call("check", str(path), "--json").stdout)
    assert checked["game"] == "hanoi"
    assert [problem["where"] for problem in checked["problems"]] == [
        'scaffold.toml: actions.spelling."Wait"',
        "scaffold.toml: actions.fallback",
    ]


def test_diff_shows_what_differs(folder) -> None:
    one, two = folder(name="one"), folder({"files/notes.txt": "other\n"}, name="two")
    assert "-seed\n+other\n" in call("diff", str(one), str(two)).stdout
    assert call("diff", str(one), str(one)).stderr == "they are equal\n"
    compared = json.loads(call("diff", str(one), str(two), "--json").stdout)
    assert (compared["a"], compared["b"], compared["equal"]) == (str(one), str(two), False)


def test_new_begins_a_scaffold_that_knows_its_parent(folder, tmp_path: Path) -> None:
    source = folder()
    result = call("new", str(source), str(tmp_path / "mine"))
    assert result.exit_code == 0
    assert f"wrote {tmp_path / 'mine'}" in result.stderr
    assert "next: automem scaffold check" in result.stderr
    made = json.loads(
        call("new", str(source), str(tmp_path / "b"), "--name", "bee", "--json").stdout
    )
    assert made == {
        "folder": str(tmp_path / "b"),
        "hash": content_hash(tmp_path / "b"),
        "parent": content_hash(source),
    }
