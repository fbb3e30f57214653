from pathlib import Path

import pytest

from automem.errors import ScaffoldError
from automem.scaffold.content import content_hash, texts
from automem.scaffold.load import load_scaffold
from automem.scaffold.new import new_scaffold


def test_a_new_scaffold_has_its_name_and_its_parent_and_every_comment(
    folder, tmp_path: Path
) -> None:
    source = folder()
    made = new_scaffold(source, tmp_path / "deep" / "mine", "mine")
    scaffold = load_scaffold(made)
    assert (scaffold.manifest.name, scaffold.manifest.parent) == ("mine", content_hash(source))
    lines = (made / "scaffold.toml").read_text(encoding="utf-8").splitlines()
    assert lines[:3] == [
        "# A small scaffold.",
        'name = "mine"  # its name',
        f'parent = "{content_hash(source)}"',
    ]
    without = {name: text for name, text in texts(made).items() if name != "scaffold.toml"}
    assert without == {name: text for name, text in texts(source).items() if name in without}


def test_a_grandchild_names_its_own_parent(folder, tmp_path: Path) -> None:
    child = new_scaffold(folder(), tmp_path / "child", "child")
    grandchild = new_scaffold(child, tmp_path / "grandchild", "grandchild")
    manifest = (grandchild / "scaffold.toml").read_text(encoding="utf-8")
    assert manifest.count("parent") == 1
    assert load_scaffold(grandchild).manifest.parent == content_hash(child)


@pytest.mark.parametrize(
    "head",
    [
        'summary = """\nname = "small"\n"""\nname = "small"\n',
        "name = 'small'\n",
        'name = """small"""\n',
        '"name" = "small"\n',
        '\tname="sm\\"all" # "x"\n',
        "",
    ],
)
def test_the_name_is_set_however_it_is_written(folder, tmp_path: Path, head: str) -> None:
    source = folder({"scaffold.toml": f'{head}\n[files."a.txt"]\n'})
    try:
        made = new_scaffold(source, tmp_path / "made", "mine")
    except ScaffoldError as error:
        assert head.startswith(('name = """', '"name"'))
        assert 'cannot set name in scaffold.toml; write it on a line of its own: name = "mine"' in (
            str(error)
        )
    else:
        manifest = load_scaffold(made).manifest
        assert (manifest.name, manifest.parent) == ("mine", content_hash(source))
        assert list(manifest.files) == ["a.txt"]


@pytest.mark.parametrize("name", ["", "a b", "../a", 'a"b', ".a", "a" * 65])
def test_a_name_that_is_no_plain_word_is_refused(folder, tmp_path: Path, name: str) -> None:
    with pytest.raises(ScaffoldError, match="a scaffold cannot be named"):
        new_scaffold(folder(), tmp_path / "made", name)


def test_a_folder_that_exists_is_never_written_over(folder, tmp_path: Path) -> None:
    source = folder()
    with pytest.raises(ScaffoldError, match="exists already; choose another folder"):
        new_scaffold(source, source, "mine")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ScaffoldError, match="exists already; choose another folder"):
        new_scaffold(source, tmp_path / "file", "mine")


def test_a_source_that_is_no_toml_is_refused(folder, tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match="is no valid TOML"):
        new_scaffold(folder({"scaffold.toml": "= ="}), tmp_path / "made", "mine")
