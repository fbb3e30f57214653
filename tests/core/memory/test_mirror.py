"""The folder on disk: exactly what the store holds, and nothing foreign touched."""

import os
from pathlib import Path

import pytest

from automem.errors import AutoMemError


def on_disk(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode() for path in folder.iterdir()}


def test_a_store_without_a_folder_writes_nothing(memory, tmp_path: Path) -> None:
    notes = memory({"notes.txt": "a"})
    notes.store.flush()
    assert list(tmp_path.iterdir()) == []


def test_flush_writes_every_file(memory, tmp_path: Path) -> None:
    folder = tmp_path / "run" / "memory"
    notes = memory({"notes.txt": "a\r\nb", "empty.txt": "", "odd.txt": "\u6f22"}, folder=folder)
    notes.store.flush()
    assert on_disk(folder) == {"notes.txt": "a\nb\n", "empty.txt": "", "odd.txt": "\u6f22\n"}


def test_flush_follows_every_kind_of_change(memory, tmp_path: Path) -> None:
    notes = memory({"notes.txt": "a\nb\n", "map.txt": "1,1|x\n2,2|y\n"}, folder=tmp_path)
    notes.store.flush()
    for text in (
        "<|APPEND|>notes.txt|c<|END|>",
        "<|WRITE|>notes.txt|a<|END|>",
        "<|UPSERT_MAP|>1,1|z<|END|>",
        "<|UPSERT_MAP|>3,3|z<|END|>",
        "<|UPSERT_MAP|>2,2|<|END|>",
        "<|CREATE|>new.txt<|END|>",
    ):
        assert notes.say(text).outcome == "done"
        notes.store.flush()
        assert on_disk(tmp_path) == notes.store.files()


def test_changes_within_one_step_are_written_together(memory, tmp_path: Path) -> None:
    notes = memory({"notes.txt": "a\nb\n"}, folder=tmp_path)
    notes.store.flush()
    notes.say("<|APPEND|>notes.txt|c<|END|>")
    notes.say("<|WRITE|>notes.txt|a\nx\nc<|END|>")
    notes.say("<|APPEND|>notes.txt|d<|END|>")
    notes.store.flush()
    assert on_disk(tmp_path) == {"notes.txt": "a\nx\nc\nd\n"}


def test_appended_lines_are_added_to_the_same_file(memory, tmp_path: Path) -> None:
    notes = memory({"notes.txt": "a\n"}, folder=tmp_path)
    notes.store.flush()
    before = (tmp_path / "notes.txt").stat().st_ino
    notes.say("<|APPEND|>notes.txt|b<|END|>")
    notes.store.flush()
    assert (tmp_path / "notes.txt").stat().st_ino == before
    assert on_disk(tmp_path) == {"notes.txt": "a\nb\n"}


def test_a_file_that_was_changed_or_removed_from_outside_is_written_anew(
    memory, tmp_path: Path
) -> None:
    notes = memory({"notes.txt": "a\n", "log.txt": "b\n"}, folder=tmp_path)
    notes.store.flush()
    (tmp_path / "notes.txt").write_text("foreign text\n", encoding="utf-8")
    (tmp_path / "log.txt").unlink()
    notes.say("<|APPEND|>notes.txt|c<|END|>")
    notes.say("<|APPEND|>log.txt|d<|END|>")
    notes.store.flush()
    assert on_disk(tmp_path) == {"notes.txt": "a\nc\n", "log.txt": "b\nd\n"}


def test_what_the_store_does_not_own_stays(memory, tmp_path: Path) -> None:
    (tmp_path / "foreign.txt").write_text("mine", encoding="utf-8")
    memory({"notes.txt": "a\n"}, folder=tmp_path).store.flush()
    assert on_disk(tmp_path) == {"foreign.txt": "mine", "notes.txt": "a\n"}


def test_a_link_in_the_folder_is_replaced_and_never_followed(memory, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret\n", encoding="utf-8")
    folder = tmp_path / "memory"
    folder.mkdir()
    (folder / "notes.txt").symlink_to(secret)
    notes = memory({"notes.txt": "a\n"}, folder=folder)
    notes.store.flush()
    assert not (folder / "notes.txt").is_symlink()
    (folder / "notes.txt").unlink()
    (folder / "notes.txt").symlink_to(secret)
    notes.say("<|APPEND|>notes.txt|b<|END|>")
    notes.store.flush()
    assert on_disk(folder) == {"notes.txt": "a\nb\n"}
    assert secret.read_text(encoding="utf-8") == "secret\n"
    assert notes.say("<|READ|>notes.txt<|END|>").text == "a\nb"


def test_a_file_with_a_second_name_is_not_written_into(memory, tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    notes = memory({"notes.txt": "a\n"}, folder=folder)
    notes.store.flush()
    os.link(folder / "notes.txt", tmp_path / "second.txt")
    notes.say("<|APPEND|>notes.txt|b<|END|>")
    notes.store.flush()
    assert (tmp_path / "second.txt").read_text(encoding="utf-8") == "a\n"
    assert on_disk(folder) == {"notes.txt": "a\nb\n"}


def test_a_pipe_in_place_of_a_file_does_not_hang(memory, tmp_path: Path) -> None:
    notes = memory({"notes.txt": "a\n"}, folder=tmp_path)
    notes.store.flush()
    (tmp_path / "notes.txt").unlink()
    os.mkfifo(tmp_path / "notes.txt")
    notes.say("<|APPEND|>notes.txt|b<|END|>")
    notes.store.flush()
    assert on_disk(tmp_path) == {"notes.txt": "a\nb\n"}


def test_a_remainder_of_a_killed_write_is_cleared_away(memory, tmp_path: Path) -> None:
    (tmp_path / ".notes.txt.part").write_text("half", encoding="utf-8")
    memory({"notes.txt": "a\n"}, folder=tmp_path).store.flush()
    assert on_disk(tmp_path) == {"notes.txt": "a\n"}


def test_a_directory_in_the_way_is_an_error_that_names_it(memory, tmp_path: Path) -> None:
    (tmp_path / "notes.txt" / "sub").mkdir(parents=True)
    with pytest.raises(AutoMemError, match=r"notes\.txt: .*; remove what stands there"):
        memory({"notes.txt": "a\n"}, folder=tmp_path).store.flush()


def test_a_link_in_place_of_the_folder_is_refused(memory, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "memory").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AutoMemError, match="it is a link; remove what stands there"):
        memory({"notes.txt": "a\n"}, folder=tmp_path / "memory").store.flush()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_in_place_of_the_folder_is_an_error(memory, tmp_path: Path) -> None:
    (tmp_path / "memory").write_text("", encoding="utf-8")
    with pytest.raises(AutoMemError, match=r"cannot use .*memory as memory folder"):
        memory({"notes.txt": "a\n"}, folder=tmp_path / "memory").store.flush()
