import os
from pathlib import Path

import pytest

from automem.errors import ScaffoldError
from automem.scaffold.content import (
    FILE_BYTES,
    content_hash,
    copy_into,
    difference,
    texts,
    write_all,
)


def test_the_hash_depends_on_every_text_and_on_nothing_else(folder) -> None:
    first = content_hash(folder())
    assert first == content_hash(folder(name="elsewhere"))
    assert first == content_hash(
        folder({"README.md": "x", "prompts/x.txt": "y", "prompts/.x.md": "z"}, name="more")
    )
    for file in ("scaffold.toml", "prompts/log.md", "files/notes.txt", "files/new", "code.py"):
        assert content_hash(folder({file: "name = 'other'"}, name=f"b-{file}")) != first


def test_the_hash_does_not_depend_on_newlines(folder) -> None:
    one = folder({"files/notes.txt": "a\nb\n"}, name="unix")
    two = folder({"files/notes.txt": "a\r\nb\r\n"}, name="windows")
    assert content_hash(one) == content_hash(two)


def test_a_text_that_moves_to_another_name_changes_the_hash(folder) -> None:
    one = folder({"files/a": "bc", "files/b": ""}, name="one")
    two = folder({"files/a": "", "files/b": "bc"}, name="two")
    assert content_hash(one) != content_hash(two)


def test_a_copy_is_named_by_hash_and_name_and_made_once(folder, tmp_path: Path) -> None:
    source = folder({"README.md": "not part of it"})
    copy = copy_into(source, tmp_path / "run" / "scaffolds")
    assert copy.name == f"{content_hash(source)}-small"
    assert texts(copy) == texts(source)
    assert not (copy / "README.md").exists()
    before = copy.stat().st_ino
    assert copy_into(source, tmp_path / "run" / "scaffolds") == copy
    assert copy.stat().st_ino == before
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_the_name_of_a_copy_stays_within_its_folder(folder, edited, tmp_path: Path) -> None:
    source = folder(edited('name = "small"', 'name = "../../up"'))
    assert copy_into(source, tmp_path / "kept").parent == tmp_path / "kept"
    nameless = folder(edited('name = "small"', 'name = "..."'), name="nameless")
    assert copy_into(nameless, tmp_path / "kept").name.endswith("-scaffold")


def test_a_copy_that_was_changed_is_an_error(folder, tmp_path: Path) -> None:
    source = folder()
    copy = copy_into(source, tmp_path / "kept")
    (copy / "prompts" / "log.md").write_text("forged", encoding="utf-8")
    with pytest.raises(ScaffoldError, match="was changed after it was played"):
        copy_into(source, tmp_path / "kept")


def test_a_link_in_place_of_the_copy_is_refused(folder, tmp_path: Path) -> None:
    source = folder()
    copy = copy_into(source, tmp_path / "kept")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / copy.name).symlink_to(copy)
    with pytest.raises(ScaffoldError, match="is a link"):
        copy_into(source, tmp_path / "other")


def test_a_copy_of_a_manifest_that_is_no_toml_is_refused(folder, tmp_path: Path) -> None:
    for manifest in ("= =", "a = " + "[" * 5_000):
        with pytest.raises(ScaffoldError, match="cannot be read"):
            copy_into(folder({"scaffold.toml": manifest}), tmp_path / "kept")


@pytest.mark.parametrize(
    "link", ["scaffold.toml", "code.py", "prompts", "files", "prompts/log.md", "files/a", "files/d"]
)
def test_links_are_refused(folder, tmp_path: Path, link: str) -> None:
    target = tmp_path / "outside"
    target.mkdir()
    source = folder({"scaffold.toml": None} if link == "scaffold.toml" else {})
    path = source / link
    if path.is_dir():
        path.rename(tmp_path / "moved")
        target = tmp_path / "moved"
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    with pytest.raises(ScaffoldError, match="is a link; a scaffold holds plain files only"):
        texts(source)


def test_a_folder_in_place_of_a_file_is_refused(folder) -> None:
    source = folder({"prompts/log.md": None})
    (source / "prompts" / "log.md").mkdir()
    with pytest.raises(ScaffoldError, match=r"prompts/log.md in .* is no plain file"):
        texts(source)


def test_a_pipe_is_refused_without_waiting_for_it(folder) -> None:
    source = folder()
    os.mkfifo(source / "files" / "pipe")
    with pytest.raises(ScaffoldError, match="is no plain file"):
        texts(source)


def test_what_is_not_utf_8_is_refused(folder) -> None:
    source = folder()
    (source / "files" / "notes.txt").write_bytes(b"ab\xff")
    with pytest.raises(ScaffoldError, match=r"files/notes.txt in .* is not UTF-8 at byte 2"):
        texts(source)


def test_a_huge_file_is_refused(folder) -> None:
    with pytest.raises(ScaffoldError, match=r"files/huge in .* is larger than"):
        texts(folder({"files/huge": "x" * (FILE_BYTES + 1)}))


def test_the_difference_of_two_scaffolds_is_a_unified_diff(folder) -> None:
    one = folder({"files/notes.txt": "a\nb\n", "files/gone": "x\n"}, name="one")
    two = folder({"files/notes.txt": "a\nc\n", "files/new": "y\n"}, name="two")
    assert difference(one, two) == (
        "--- a/files/gone\n+++ (none)\n@@ -1 +0,0 @@\n-x\n"
        "--- (none)\n+++ b/files/new\n@@ -0,0 +1 @@\n+y\n"
        "--- a/files/notes.txt\n+++ b/files/notes.txt\n@@ -1,2 +1,2 @@\n a\n-b\n+c"
    )


def test_equal_scaffolds_have_no_difference(folder) -> None:
    assert difference(folder(name="one"), folder(name="two")) == ""


def test_a_place_that_cannot_be_written_is_an_error(folder, tmp_path: Path) -> None:
    source = folder()
    root = tmp_path / "kept"
    root.write_text("", encoding="utf-8")
    with pytest.raises(ScaffoldError, match="cannot write"):
        copy_into(source, root)


def test_nothing_is_left_of_what_could_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match="cannot write"):
        write_all({"a": "x", "b" * 300: "y"}, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []
