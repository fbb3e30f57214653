"""Files that appear whole or not at all."""

from pathlib import Path

import pytest

from automem.files import replacing, write_json, write_text
from automem.records.environment import Observation


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_reader_finds_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with replacing(path) as file:
        file.write(b"ne")
        file.flush()
        assert path.read_text(encoding="utf-8") == "old"
        file.write(b"w")
    assert path.read_text(encoding="utf-8") == "new"


def test_what_a_killed_process_left_behind_is_removed_by_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    (tmp_path / ".a.txt.part").write_text("half", encoding="utf-8")
    write_text(path, "whole")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    secret, path = tmp_path / "secret", tmp_path / "a.txt"
    secret.write_text("mine", encoding="utf-8")
    path.symlink_to(secret)
    (tmp_path / ".a.txt.part").symlink_to(secret)
    write_text(path, "new")
    assert secret.read_text(encoding="utf-8") == "mine"
    assert not path.is_symlink()


def test_records_are_written_for_people_to_read(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.json"
    write_json(path, Observation(text="grass"))
    assert path.read_text(encoding="utf-8").splitlines()[1] == '  "text": "grass",'
