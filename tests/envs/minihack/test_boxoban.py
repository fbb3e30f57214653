"""Folders of Boxoban levels, of which one level is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from automem.errors import EnvironmentFailure
from automem_envs.minihack.boxoban import LevelSet
from automem_envs.minihack.levels import boxoban_level, install
from automem_envs.nethack.game import Game


def _rows(mark: int) -> list[str]:
    """A level that tells which one it is."""
    number = f"{mark:010b}".replace("0", " ").replace("1", "$")
    return ["##########", "#@       #", number, *["#   .    #"] * 6, "##########"]


def _write(path: Path, marks: range) -> None:
    text = "".join(f"; {n}\n" + "\n".join(_rows(mark)) + "\n\n" for n, mark in enumerate(marks))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


def test_every_level_of_every_file_is_found_by_its_number(tmp_path: Path) -> None:
    _write(tmp_path / "hard" / "001.txt", range(1000, 1007))
    _write(tmp_path / "hard" / "000.txt", range(1000))
    (tmp_path / "hard" / "notes.md").write_text("not a level", encoding="ascii")
    levels = LevelSet(str(tmp_path), "hard")
    assert levels.count == 1007
    for number in (0, 9, 10, 99, 100, 555, 999, 1000, 1006):
        assert levels.level(number).splitlines() == _rows(number)
    with pytest.raises(EnvironmentFailure, match="no level 1007"):
        levels.level(1007)


def test_the_training_folder_of_the_official_set_is_found(tmp_path: Path) -> None:
    _write(tmp_path / "medium" / "train" / "000.txt", range(3))
    _write(tmp_path / "medium" / "valid" / "000.txt", range(9))
    assert LevelSet(str(tmp_path), "medium").count == 3


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hard" / "000.txt"
    _write(path, range(3))
    path.write_bytes(path.read_bytes().replace(b"; 1\n", b";_1\n"))
    levels = LevelSet(str(tmp_path), "hard")
    with pytest.raises(EnvironmentFailure, match=r"000\.txt has no level '1' at byte 115"):
        levels.level(1)
    path.write_bytes(b"")
    with pytest.raises(EnvironmentFailure, match="hold no Boxoban level"):
        LevelSet(str(tmp_path), "hard")


def test_a_file_that_is_cut_off_is_refused_but_for_its_last_blank_line(tmp_path: Path) -> None:
    path = tmp_path / "hard" / "000.txt"
    _write(path, range(12))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    levels = LevelSet(str(tmp_path), "hard")
    assert levels.count == 12
    assert levels.level(11).splitlines() == _rows(11)
    for cut in (2, 50, 100):
        path.write_bytes(whole[:-cut])
        with pytest.raises(EnvironmentFailure, match=r"000\.txt ends in the middle of a level"):
            LevelSet(str(tmp_path), "hard")


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    _write(tmp_path / "hard" / "001.txt", range(3))
    (tmp_path / "hard" / "000.txt").mkdir()
    (tmp_path / "hard" / "002.txt").symlink_to(tmp_path / "nowhere")
    levels = LevelSet(str(tmp_path), "hard")
    assert [file.name for file in levels.files] == ["001.txt"]
    (tmp_path / "hard" / "001.txt").unlink()
    with pytest.raises(EnvironmentFailure, match="cannot be read: No such file or directory"):
        levels.level(0)


def test_a_seed_chooses_one_level(tmp_path: Path) -> None:
    _write(tmp_path / "hard" / "000.txt", range(1000))
    levels = LevelSet(str(tmp_path), "hard")
    assert levels.description(42) == levels.description(42)
    assert levels.description(42) != levels.description(43)


def test_a_level_without_one_player_is_refused() -> None:
    with pytest.raises(EnvironmentFailure, match="has 0 players"):
        boxoban_level(["##########"] * 10)


def test_what_the_compiler_says_is_passed_on() -> None:
    game = Game(character="@", clock=0)
    with pytest.raises(EnvironmentFailure, match="a level could not be compiled"):
        install("MAZE: what is this", game.folder)
    game.close()
