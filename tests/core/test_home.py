"""Where interpreters and data sets are kept."""

from pathlib import Path

from automem.home import data_folder, home


def test_the_variable_says_where() -> None:
    assert home({"AUTOMEM_HOME": "/srv/automem"}) == Path("/srv/automem")
    assert home({"AUTOMEM_HOME": "here"}) == Path.cwd() / "here"
    assert data_folder("levels", {"AUTOMEM_HOME": "/srv"}) == Path("/srv/data/levels")


def test_otherwise_it_is_the_users_folder_for_data() -> None:
    assert home({"XDG_DATA_HOME": "/srv/data"}) == Path("/srv/data/automem")
    assert home({}) == Path("~/.local/share/automem").expanduser()
