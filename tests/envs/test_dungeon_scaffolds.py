"""The scaffolds of NetHack and MiniHack pass the check against the games they are for."""

from __future__ import annotations

import pytest

from automem.cli.app import automem
from automem.cli.errors import DONE, run_command
from automem.scaffold.check import check_scaffold
from automem.scaffold.load import load_scaffold
from automem_envs.minihack.environment import MiniHack
from automem_envs.minihack.options import MiniHackOptions
from automem_envs.minihack.scaffolds import minihack_map, minihack_v0
from automem_envs.nethack.environment import NetHack
from automem_envs.nethack.options import NetHackOptions
from automem_envs.nethack.scaffolds import nethack_map, nethack_v0

SHARED = ("game_rules.txt", "symbols.txt", "dungeon_map.txt", "inventory.txt", "actions_log.txt")


@pytest.mark.parametrize("folder", [nethack_v0, nethack_map])
def test_a_nethack_scaffold_passes_the_check(folder):
    game = NetHack("NetHackChallenge-v0", NetHackOptions())
    assert check_scaffold(load_scaffold(folder()), game.info) == ()
    game.close()


def test_the_check_looks_at_every_task_that_can_be_played_here(
    tmp_path, monkeypatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path))
    assert run_command(automem, ["scaffold", "check", "minihack-v0"]) == DONE
    said = capsys.readouterr().err
    assert "the actions of some tasks were not checked: MiniHack-Boxoban-Hard-v0: there" in said
    for difficulty in ("hard", "medium"):
        folder = tmp_path / "data" / "boxoban" / difficulty
        folder.mkdir(parents=True)
        (folder / "000.txt").write_text(
            "; 0\n" + "##########\n" * 4 + "#@ $  .  #\n" + "##########\n" * 5 + "\n",
            encoding="ascii",
        )
    assert run_command(automem, ["scaffold", "check", "minihack-v0"]) == DONE
    assert "not checked" not in capsys.readouterr().err


@pytest.mark.parametrize("folder", [minihack_v0, minihack_map])
@pytest.mark.parametrize("task", ["MiniHack-MazeWalk-9x9-v0", "MiniHack-Quest-Easy-v0"])
def test_a_minihack_scaffold_passes_the_check(folder, task):
    game = MiniHack(task, MiniHackOptions())
    scaffold = load_scaffold(folder())
    assert check_scaffold(scaffold.for_task(task), game.info) == ()
    assert check_scaffold(scaffold) == ()
    game.close()


def test_the_plain_scaffolds_have_the_published_files_and_rules_to_begin_with():
    nethack, minihack = load_scaffold(nethack_v0()), load_scaffold(minihack_v0())
    assert list(nethack.files) == [
        *SHARED[:3],
        "monster_encounters.txt",
        *SHARED[3:],
        "strategy.txt",
    ]
    assert list(minihack.files) == [*SHARED, "strategy.txt"]
    for scaffold in (nethack, minihack):
        assert scaffold.files["game_rules.txt"].count("\n") > 5
        assert "stairs down" in scaffold.files["symbols.txt"]


@pytest.mark.parametrize("folder", [nethack_map, minihack_map])
def test_the_map_is_keyed_by_level_and_place(folder):
    rule = load_scaffold(folder()).manifest.files["map.txt"]
    assert rule.key is not None
    assert rule.key.shape == "level,x,y"
    assert rule.modes == ("upsert",)
