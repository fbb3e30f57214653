from pathlib import Path

import pytest

from automem.errors import ScaffoldError
from automem.scaffold.find import find_scaffold
from automem.spec import Spec

SPECS = {
    name: Spec(name=name, make=f"plugin:{name}", summary="")
    for name in ("crafter-v0", "crafter-map")
}


def test_a_path_to_a_folder_is_found(folder) -> None:
    path = folder()
    assert find_scaffold(str(path), {}, lambda spec: None) == path


def test_a_name_is_made_by_its_plugin(folder) -> None:
    path = folder()
    assert find_scaffold("crafter-v0", SPECS, lambda spec: lambda: path) == path
    assert find_scaffold("crafter-v0", SPECS, lambda spec: path) == path


def test_an_unknown_name_is_answered_with_the_closest(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match=r"no scaffold named 'crafter-mop'.*mean 'crafter-map'"):
        find_scaffold("crafter-mop", SPECS, lambda spec: None)
    with pytest.raises(ScaffoldError, match="there are: crafter-v0, crafter-map"):
        find_scaffold("", SPECS, lambda spec: None)
    with pytest.raises(ScaffoldError, match="there are: none"):
        find_scaffold("x", {}, lambda spec: None)


def test_a_folder_that_is_no_scaffold_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        ScaffoldError, match=r"holds no scaffold.toml.*are: crafter-v0, crafter-map"
    ):
        find_scaffold(str(tmp_path), SPECS, lambda spec: None)
    with pytest.raises(ScaffoldError, match="the named ones are: none"):
        find_scaffold(str(tmp_path), {}, lambda spec: None)


@pytest.mark.parametrize("made", [None, Path("/nowhere")])
def test_a_plugin_that_gives_no_scaffold_is_named(made: Path | None) -> None:
    with pytest.raises(ScaffoldError, match=r"'crafter-v0' \(plugin:crafter-v0\) gave .*reinstall"):
        find_scaffold("crafter-v0", SPECS, lambda spec: lambda: made)
