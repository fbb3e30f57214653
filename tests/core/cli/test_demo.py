"""`automem demo`: real Crafter, played twice by the same rules."""

import json
from pathlib import Path

import pytest

from automem.cli import demo as module
from automem.cli.demo import demo_configs, expected_episodes
from automem.run.config import parse_config

from .conftest import Automem

CONFIG = Path(__file__).parents[3] / "configs" / "demo.toml"


def test_the_demo_is_the_configuration_of_the_project() -> None:
    packaged = Path(module.__file__).with_name("demo.toml")
    assert packaged.read_text(encoding="utf-8") == CONFIG.read_text(encoding="utf-8")
    first, second = demo_configs("42-46", None, "demo", Path("runs"))
    assert first == parse_config(CONFIG.read_text(encoding="utf-8"))
    assert second.scaffold.source == "crafter-map"


def test_what_is_going_to_be_played_is_known_before() -> None:
    config, _ = demo_configs("42-44", 30, "demo", Path("runs"))
    progress = expected_episodes(config)
    assert progress.title == "crafter-v0"
    assert [seed for _, seed in progress.episodes] == [42, 43, 44]
    assert {episode.max_steps for episode in progress.episodes.values()} == {30}


def test_the_demo_plays_compares_and_shows_the_way_on(call: Automem, folder: Path) -> None:
    done = call("demo", "--seeds", "42", "--steps", "12", "--json")
    assert done.code == 0, done.err
    result = json.loads(done.out)
    assert [e["scaffold_name"] for e in result["evaluations"]] == ["crafter-v0", "crafter-map"]
    assert result["comparison"]["paired"]["n"] == 1
    assert "can never reach p <= 0.05" in done.err
    assert "next: automem trace runs/demo crafter-map/42 --step 12\n" in done.err
    assert "2/2 episodes" in done.err
    assert call("trace", "runs/demo", "crafter-map/42", "--step", "12").code == 0
    again = call("demo", "--seeds", "42", "--steps", "12")
    assert (again.code, again.out) == (0, "")
    assert len(list(folder.glob("runs/demo/evaluations/*"))) == 2


@pytest.mark.parametrize("seeds", ["", "fifty", "3-1"])
def test_seeds_that_cannot_be_read_are_usage(call: Automem, seeds: str) -> None:
    assert call("demo", "--seeds", seeds).code == 2
