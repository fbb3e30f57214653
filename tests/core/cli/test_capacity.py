"""`automem doctor CONFIG`: what a backend says of the memory its engine takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from automem.errors import ConfigError
from automem.run.config import load_config

from .conftest import CONFIG, Automem

PLUGIN = """
from automem import BackendSpec, Spec, hookimpl
from automem.records.capacity import Fit
from automem.testing.toy import automem_environments, automem_scaffolds

@hookimpl
def automem_backends():
    part = "automem_toy_commands:"
    same = {"make": part + "make", "summary": "An engine.", "engine": part + "open_engine"}
    return [
        BackendSpec(name="toy-engine", capacity=part + "capacity", **same),
        BackendSpec(name="toy-other", **same),
        Spec(name="toy-player", make="automem.testing.toy_player:ToyPlayer", summary="Plays."),
    ]

def capacity(config, plugins):
    large = config.roles["default"].model
    return [
        Fit(name="small", fits=True, text="7 episodes at once"),
        Fit(name="middle", fits=None, text="no GPU"),
        *([Fit(name="large", fits=False, text="take another")] if large else []),
    ]
"""


@pytest.fixture
def engines(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration, where the toy game comes with engines."""
    own = folder / "site"
    info = own / "automem_toy_commands-1.dist-info"
    info.mkdir(parents=True)
    metadata = "Metadata-Version: 2.1\nName: automem-toy-commands\nVersion: 1\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    (info / "entry_points.txt").write_text("[automem]\ntoy = automem_toy_engines\n", "utf-8")
    code = PLUGIN.replace("automem_toy_commands:", "automem_toy_engines:")
    (own / "automem_toy_engines.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(own)
    write(folder, "toy-engine")
    return folder


def write(folder: Path, backend: str) -> None:
    text = CONFIG.replace('backend = "toy-player"', f'backend = "{backend}"')
    (folder / "toy.toml").write_text(text, encoding="utf-8")


def test_each_engine_has_a_line(engines: Path, call: Automem) -> None:
    assert load_config(engines / "toy.toml").roles["default"].backend == "toy-engine"
    done = call("doctor", "toy.toml")
    assert done.code == 0, done.err
    assert "ok       capacity of small: 7 episodes at once" in done.err
    assert "note     capacity of middle: no GPU" in done.err
    assert done.err.count("capacity of small") == 1


def test_what_does_not_fit_fails(engines: Path, call: Automem) -> None:
    assert (engines / "toy.toml").exists()
    done = call("doctor", "toy.toml", "-s", "roles.default.model=large")
    assert done.code == 1
    assert "MISSING  capacity of large: take another" in done.err


@pytest.mark.parametrize("backend", ["toy-player", "toy-other"])
def test_a_backend_that_says_nothing_has_no_line(
    engines: Path, call: Automem, backend: str
) -> None:
    write(engines, backend)
    done = call("doctor", "toy.toml")
    assert done.code == 0, done.err
    assert "ok       capacity: no role names an engine that would be started here" in done.err


def test_a_configuration_that_cannot_be_played_is_refused(engines: Path, call: Automem) -> None:
    write(engines, "quantum")
    done = call("doctor", "toy.toml")
    assert done.code == 2
    assert "quantum" in done.err
    with pytest.raises(ConfigError):
        load_config(engines / "nowhere.toml")


def test_without_a_configuration_no_engine_is_looked_at(engines: Path, call: Automem) -> None:
    assert engines.is_dir()
    assert "capacity" not in call("doctor").err
