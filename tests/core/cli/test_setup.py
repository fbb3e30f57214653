"""`automem setup`, and what `automem doctor` says of it."""

from __future__ import annotations

import json
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from automem import Spec, hookimpl
from automem.cli.checkup import check_setups
from automem.errors import PluginError
from automem.plugins import load_plugins
from automem.setups.make import find_setup, offered

from .conftest import Automem

PLUGIN = """
import sys
from automem import Spec, hookimpl
from automem.records.setup import DataSet, Interpreter

EMPTY = Interpreter(python=f"{sys.version_info.major}.{sys.version_info.minor}", packages=())

def maps():
    return DataSet(address="http://127.0.0.1:1/maps.zip", license="LICENSE", keep=("*.txt",))

@hookimpl
def automem_setups():
    return [
        Spec(name="empty", make="automem_kit:EMPTY", summary="Nothing but Python"),
        Spec(name="maps", make="automem_kit:maps", summary="Two maps"),
    ]
"""


@pytest.fixture(autouse=True)
def kit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plugin with an interpreter and a data set, and a folder with the files of the latter."""
    site = folder / "kit"
    info = site / "automem_kit-1.dist-info"
    info.mkdir(parents=True)
    metadata = "Metadata-Version: 2.1\nName: automem-kit\nVersion: 1\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    (info / "entry_points.txt").write_text("[automem]\nkit = automem_kit\n", encoding="utf-8")
    (site / "automem_kit.py").write_text(PLUGIN, encoding="utf-8")
    monkeypatch.syspath_prepend(site)  # pyright: ignore[reportUnknownMemberType]
    monkeypatch.delitem(sys.modules, "automem_kit", raising=False)
    monkeypatch.setenv("AUTOMEM_HOME", str(folder / "home"))
    maps = folder / "maps"
    maps.mkdir()
    (maps / "LICENSE").write_text("free", encoding="utf-8")
    (maps / "one.txt").write_text("a map", encoding="utf-8")
    return maps


def test_what_is_offered_is_listed_with_its_state(call: Automem, kit: Path) -> None:
    done = call("setup")
    assert done.code == 0
    assert "empty (interpreter): Nothing but Python\n  not made\n  automem setup empty" in done.err
    assert call("setup", "maps", "--from", str(kit)).code == 0
    listed = {entry["name"]: entry for entry in json.loads(call("setup", "--json").out)}
    assert listed["maps"]["state"] == "made"
    assert listed["empty"]["state"] == "not made"
    assert f"made\n  in {listed['maps']['folder']}" in call("setup").err


def test_an_interpreter_is_made_and_taken_away(call: Automem, folder: Path) -> None:
    done = call("setup", "empty", "--json")
    assert done.code == 0
    assert "making an empty interpreter" in done.err
    made = folder / "home" / "interpreters" / "empty"
    assert f"wrote {made}\n" in done.err
    assert json.loads(done.out)["state"] == "made"
    assert "'empty' is made already" in call("setup", "empty").err
    assert "removed" in call("setup", "empty", "--remove").err
    assert "'empty' is not made" in call("setup", "empty", "--remove").err


def test_what_is_outdated_says_why(call: Automem, kit: Path, folder: Path) -> None:
    call("setup", "maps", "--from", str(kit))
    (folder / "home" / "data" / "maps" / "setup.json").write_text("{}", encoding="utf-8")
    assert "outdated: it was made by another version" in call("setup").err
    assert "setup maps: outdated, it was made by another version" in call("doctor").err


def test_a_failure_names_the_ways_out(call: Automem) -> None:
    done = call("setup", "maps")
    assert done.code == 1
    assert "cannot fetch" in done.err and "--from" in done.err


def test_a_name_that_is_not_offered_is_corrected(call: Automem) -> None:
    done = call("setup", "map")
    assert done.code == 1
    assert "no setup named 'map'; did you mean 'maps'?" in done.err
    assert call("setup", "--remove").code == 2


def test_the_doctor_says_what_is_made(call: Automem, kit: Path) -> None:
    call("setup", "maps", "--from", str(kit))
    said = call("doctor").err
    assert "ok       setup maps: " in said
    assert "note     setup empty: not made; where it is needed, run: automem setup empty" in said


class Point(EntryPoint):
    """An entry point whose plugin offers one set-up, named by its value."""

    def load(self) -> object:
        return Offering(self.value)


class Offering:
    def __init__(self, value: str) -> None:
        self.name, self.make = value.split("=")

    @hookimpl
    def automem_setups(self) -> list[Spec]:
        return [Spec(name=self.name, make=self.make, summary="")]


def plugins(*values: str):
    points = [Point(f"p{number}", value, "automem") for number, value in enumerate(values)]
    return load_plugins(entry_points=points, environ={})


def test_what_cannot_be_set_up_is_refused() -> None:
    with pytest.raises(PluginError, match=r"'os:getcwd' gave .* which cannot be set up"):
        offered(plugins("here=os:getcwd"))
    with pytest.raises(PluginError, match=r"'\.\./up' may not be called so"):
        find_setup("../up", plugins("../up=os:getcwd"))


def test_two_plugins_with_one_set_up_are_a_finding() -> None:
    (check,) = check_setups(plugins("a=os:getcwd", "a=os:getcwd"))
    assert check.state == "note" and "two plugins offer the setup 'a'" in check.text
