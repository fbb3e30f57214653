"""A played toy run, and the command line called as a person calls it."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from automem.cli.app import automem
from automem.cli.errors import run_command

PLUGIN = """
import click
from automem import Spec, hookimpl
from automem.testing.toy import automem_backends, automem_environments, automem_scaffolds

@hookimpl
def automem_commands():
    return [Spec(name="greet", make="automem_toy_commands:greet", summary="Greets.")]

@click.command()
def greet():
    click.echo("hello")
"""

CONFIG = """
[run]
name = "toys"

[environment]
name = "toy"
tasks = ["default"]

[scaffold]
from = "toy"

[roles.default]
backend = "toy-player"

[seeds]
search = "1-2"

[evaluation]
workers = 1
"""


class Done(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Automem = Callable[..., Done]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an installed third-party plugin: the toy game, its player, a command."""
    site = tmp_path_factory.mktemp("site")
    info = site / "automem_toy_commands-1.dist-info"
    info.mkdir()
    metadata = "Metadata-Version: 2.1\nName: automem-toy-commands\nVersion: 1\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    entry_points = "[automem]\ntoy = automem_toy_commands\n"
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")
    (site / "automem_toy_commands.py").write_text(PLUGIN, encoding="utf-8")
    return site


@pytest.fixture(scope="session")
def played(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration and its played run; not to be changed."""
    folder = tmp_path_factory.mktemp("played")
    (folder / "toy.toml").write_text(CONFIG, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)  # pyright: ignore[reportUnknownMemberType]
        patch.chdir(folder)
        assert run_command(automem, ["eval", "toy.toml"]) == 0
    return folder


@pytest.fixture
def folder(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with the plugin installed."""
    monkeypatch.syspath_prepend(site)  # pyright: ignore[reportUnknownMemberType]
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def toys(played: Path, folder: Path) -> Path:
    """The played run, to be changed at will; the working folder is around it."""
    shutil.copytree(played, folder, dirs_exist_ok=True)
    return folder / "runs" / "toys"


@pytest.fixture
def call(folder: Path, capsys: pytest.CaptureFixture[str]) -> Automem:
    """`call("runs", "list")` runs `automem runs list` in the folder."""
    assert folder.samefile(Path.cwd())

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = run_command(automem, arguments)
        written = capsys.readouterr()
        return Done(code, written.out, written.err)

    assert sys.stderr.isatty() is False
    return call
