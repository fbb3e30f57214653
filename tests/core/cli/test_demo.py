"""`automem demo`: real Crafter, played twice by one player, or the whole pipeline in short."""

import json
from pathlib import Path

import pytest

from automem.cli import demo_players as module
from automem.cli.demo import expected_episodes
from automem.cli.demo_players import (
    DEFAULT_PLAYER,
    PLAYERS,
    default_player,
    demo_configs,
    pipeline_config,
)
from automem.loops.pipeline import open_pipeline
from automem.plugins import load_plugins
from automem.records.config import RunConfig
from automem.run.check import check_config
from automem.run.config import parse_config

from .conftest import Automem

CONFIGS = Path(__file__).parents[3] / "configs"
RUNS = Path("runs")


def configs(player: str, seeds: str = "42-46", steps: int | None = None) -> list[RunConfig]:
    return demo_configs(player, seeds, steps, None, RUNS)


@pytest.mark.parametrize("name", ["demo.toml", "offline.toml"])
def test_what_is_packaged_is_the_configuration_of_the_project(name: str) -> None:
    packaged = Path(module.__file__).with_name(name)
    assert packaged.read_text(encoding="utf-8") == (CONFIGS / name).read_text(encoding="utf-8")


def test_rules_play_what_the_configuration_says_and_then_with_a_map() -> None:
    first, second = configs("rules")
    assert first == parse_config((CONFIGS / "demo.toml").read_text(encoding="utf-8"))
    assert second.scaffold.source == "crafter-map"
    assert first.run.name == second.run.name == "demo-rules"


def test_the_small_model_plays_the_same_with_scaffolds_and_a_run_of_its_own() -> None:
    first, second = configs("tiny")
    rules = configs("rules")[0]
    assert (first.environment, first.seeds) == (rules.environment, rules.seeds)
    assert first.run.name == second.run.name == "demo"
    assert first.roles["default"].backend == "tiny" and first.roles["default"].model is None
    assert [one.scaffold.source for one in (first, second)] == list(PLAYERS["tiny"].scaffolds)
    named = demo_configs("tiny", "1", 7, "42", RUNS)[0]
    assert (named.run.name, named.environment.max_steps) == ("42", 7)


@pytest.mark.parametrize("player", PLAYERS)
def test_what_each_player_plays_is_installed(player: str) -> None:
    plugins = load_plugins()
    for config in configs(player):
        check_config(config, plugins)


def test_the_help_says_who_plays_by_default_and_how_many_steps(call: Automem) -> None:
    said = " ".join(call("demo", "--help").out.split())
    assert DEFAULT_PLAYER in PLAYERS and f"[default: {DEFAULT_PLAYER}]" in said
    short = pipeline_config(None, None, RUNS).environment.max_steps
    (most,) = {configs(player)[0].environment.max_steps for player in PLAYERS}
    assert f"[default: {most}; with --pipeline: {short}]" in said


def test_rules_play_by_default_where_another_is_not_installed() -> None:
    without = load_plugins(blocked=["automem-tiny"])
    assert (default_player(without), default_player(load_plugins())) == ("rules", "tiny")
    assert default_player(load_plugins(), "rules") == "rules"


def test_without_the_small_model_the_demo_is_played_by_rules(
    call: Automem, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOMEM_DISABLE_PLUGINS", "automem-tiny")
    done = call("demo", "--seeds", "42", "--steps", "3")
    assert done.code == 0, done.err
    assert "played by rules, no model is asked: crafter-v0 against crafter-map" in done.err
    assert [run.name for run in (folder / "runs").iterdir()] == ["demo-rules"]


def test_the_pipeline_in_short_is_the_offline_one_with_fewer_seeds_and_steps() -> None:
    whole = parse_config((CONFIGS / "offline.toml").read_text(encoding="utf-8"))
    short = pipeline_config(None, None, RUNS)
    assert short.roles == whole.roles and short.scaffold == whole.scaffold
    assert short.run.name == "demo-pipeline"
    opened = open_pipeline(short, load_plugins())
    assert [loop.name for loop in opened.loops] == ["evolve", "train"]
    assert len(opened.seeds) < len(open_pipeline(whole, load_plugins()).seeds)
    assert pipeline_config(9, "mine", RUNS).environment.max_steps == 9


def test_what_is_going_to_be_played_is_known_before() -> None:
    config, _ = configs("rules", "42-44", 30)
    progress = expected_episodes(config)
    assert progress.title == "crafter-v0"
    assert [seed for _, seed in progress.episodes] == [42, 43, 44]
    assert {episode.max_steps for episode in progress.episodes.values()} == {30}


def test_the_demo_plays_compares_and_shows_the_way_on(call: Automem, folder: Path) -> None:
    rules = ("demo", "--player", "rules", "--seeds", "42", "--steps", "12")
    done = call(*rules, "--json")
    assert done.code == 0, done.err
    result = json.loads(done.out)
    assert [e["scaffold_name"] for e in result["evaluations"]] == ["crafter-v0", "crafter-map"]
    assert result["comparison"]["paired"]["n"] == 1
    assert "can never reach p <= 0.05" in done.err
    assert "nothing about language models" in done.err
    assert "next: automem trace runs/demo-rules crafter-map/42 --step 12\n" in done.err
    assert "2/2 episodes" in done.err
    assert call("trace", "runs/demo-rules", "crafter-map/42", "--step", "12").code == 0
    again = call(*rules)
    assert (again.code, again.out) == (0, "")
    assert len(list(folder.glob("runs/demo-rules/evaluations/*"))) == 2


def test_the_small_model_plays_by_default_and_is_said_to_be_cloned_from_rules(
    call: Automem,
) -> None:
    done = call("demo", "--seeds", "42", "--steps", "3")
    assert done.code == 0, done.err
    assert "cloned from rules: crafter-tiny-v0 against crafter-tiny-map" in done.err
    assert "nothing about large models or the results of the AutoMem paper" in done.err
    assert "next: automem trace runs/demo crafter-tiny-map/42 --step 3\n" in done.err


@pytest.mark.parametrize("arguments", [("--player", "tiny"), ("--pipeline",)])
def test_a_player_that_is_not_installed_is_said_to_be_with_what_installs_it(
    call: Automem, folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("AUTOMEM_DISABLE_PLUGINS", "automem-tiny")
    done = call("demo", *arguments)
    assert done.code == 1 and "pip install automem-tiny" in done.err
    assert "automem demo --player rules" in done.err
    assert not (folder / "runs").exists()


def test_without_the_interpreter_for_training_no_part_of_the_pipeline_is_played(
    call: Automem, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOMEM_HOME", str(folder / "home"))
    done = call("demo", "--pipeline", "--run", "mine")
    assert done.code == 1 and "which is not made; make it with: automem setup peft\n" in done.err
    assert "then: automem demo --pipeline --run mine\n" in done.err
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--seeds", ""), "seeds"),
        (("--seeds", "fifty"), "seeds"),
        (("--seeds", "3-1"), "seeds"),
        (("--player", "ruls"), "'rules', 'tiny'"),
        (("--pipeline", "--player", "rules"), "no weights to train"),
        (("--pipeline", "--seeds", "42"), "leave --seeds out"),
    ],
)
def test_what_cannot_be_played_is_usage(
    call: Automem, arguments: tuple[str, ...], said: str
) -> None:
    done = call("demo", *arguments)
    assert done.code == 2 and said in done.err
