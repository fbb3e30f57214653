"""`automem config`, and the configurations that come with the project."""

import json
from pathlib import Path

import pytest

from automem.plugins import load_plugins
from automem.run.check import check_config
from automem.run.config import load_config, parse_config

from .conftest import CONFIG, Automem

CONFIGS = Path(__file__).parents[3] / "configs"


def test_a_good_configuration_is_checked_without_playing(call: Automem, folder: Path) -> None:
    (folder / "toy.toml").write_text(CONFIG, encoding="utf-8")
    done = call("config", "check", "toy.toml")
    assert (done.code, done.err) == (0, "toy.toml can be played\nnext: automem eval toy.toml\n")
    assert [path.name for path in folder.iterdir()] == ["toy.toml"]
    done = call("config", "check", "toy.toml", "-s", "seeds.search=[7]")
    assert "next: automem eval toy.toml -s 'seeds.search=[7]'\n" in done.err


def test_what_is_next_can_be_pasted_into_the_shell_that_uv_run_was_typed_into(
    call: Automem, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    (folder / "toy.toml").write_text(CONFIG, encoding="utf-8")
    done = call("config", "check", "toy.toml")
    assert done.err.endswith("next: uv run automem eval toy.toml\n")


def test_a_configuration_that_cannot_be_played_is_usage(call: Automem, folder: Path) -> None:
    (folder / "toy.toml").write_text(CONFIG, encoding="utf-8")
    assert call("config", "check", "toy.toml", "-s", "environment.name=tor").code == 2
    empty = call("config", "check", "toy.toml", "-s", "seeds.search=[]")
    assert empty.code == 2 and "seeds.search is empty" in empty.err
    assert "scaffold" in call("config", "check", "toy.toml", "-s", "scaffold.from=tor").err
    assert call("config", "check", "nope.toml").code == 2


def test_the_sections_of_the_loops_are_checked_too(call: Automem, folder: Path) -> None:
    (folder / "toy.toml").write_text(CONFIG, encoding="utf-8")
    done = call("config", "check", "toy.toml", "-s", "evolve.provider=rules")
    assert done.code == 2 and "[seeds] search: the gate 'two_stage' needs 10" in done.err


def test_what_is_shown_loads_to_the_same(call: Automem, folder: Path) -> None:
    (folder / "toy.toml").write_text(CONFIG, encoding="utf-8")
    shown = call("config", "show", "toy.toml", "-s", "seeds.search=[7]").out
    assert parse_config(shown) == parse_config(CONFIG, ["seeds.search=[7]"])


def test_the_schema_is_json(call: Automem) -> None:
    assert json.loads(call("config", "schema").out)["title"] == "AutoMem configuration"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.name)
def test_every_configuration_of_the_project_can_be_played(path: Path) -> None:
    check_config(load_config(path), load_plugins())
