"""Configurations compared with what plugins offer."""

import shutil
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import pytest

from automem import EnvironmentSpec, Spec, hookimpl
from automem.errors import ConfigError
from automem.plugins import Plugins, load_plugins
from automem.records._struct import Record
from automem.run.check import check_config
from automem.run.config import parse_config
from automem.testing.toy import toy_scaffold

HERE = "test_check"


class GameOptions(Record):
    profile: str = "plain"


class EngineOptions(Record):
    base_url: str = ""
    depth: int = 1


class Plugin:
    """Offers a game and two engines; only the first takes options."""

    @hookimpl
    def automem_environments(self) -> list[EnvironmentSpec]:
        return [
            EnvironmentSpec(
                name="toy",
                make="builtins:object",
                summary="A toy.",
                tasks=("easy", "hard"),
                config="automem_toy_parts:GameOptions",
            )
        ]

    @hookimpl
    def automem_scaffolds(self) -> list[Spec]:
        return [Spec(name="toy", make="automem.testing.toy:toy_scaffold", summary="A scaffold.")]

    @hookimpl
    def automem_backends(self) -> list[Spec]:
        engine = "automem_toy_parts:EngineOptions"
        return [
            Spec(name="engine", make="builtins:object", summary="An engine.", config=engine),
            Spec(name="player", make="builtins:object", summary="A player."),
        ]


class Point(EntryPoint):
    """An entry point whose module is already here."""

    def load(self) -> object:
        return Plugin()


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Plugins:
    parts = SimpleNamespace(GameOptions=GameOptions, EngineOptions=EngineOptions)
    monkeypatch.setitem(__import__("sys").modules, "automem_toy_parts", parts)
    return load_plugins(entry_points=[Point("toy", "toy", "automem")], environ={})


GOOD = """
[run]
name = "a"
[environment]
name = "toy"
profile = "fancy"
tasks = ["hard"]
[agent]
name = "window"
[roles.default]
backend = "engine"
base_url = "x"
[roles.memory]
depth = 2
[roles.gameplay]
backend = "player"
"""


def test_a_configuration_that_fits_is_accepted(plugins: Plugins) -> None:
    check_config(parse_config(GOOD), plugins)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("environment.name=to", r"\[environment\] name: no environment named 'to'.*'toy'"),
        ("environment.tasks=['har']", r"toy has no task named 'har'; did you mean 'hard'"),
        ("environment.tasks=['zzz']", r"toy has no task named 'zzz'; there are: easy, hard"),
        ("environment.profil=x", r"environment\.profil: .*did you mean 'profile'"),
        ("environment.max_step=3", r"environment\.max_step: .*did you mean 'max_steps'"),
        ("environment.zzzz=3", r"environment\.zzzz: 'toy' has no such option; it has: profile$"),
        ("agent.name=logplan", r"\[scaffold\] from: name a scaffold or its folder; there are: toy"),
        ("agent.name=logplam", r"\[agent\] name: no agent named 'logplam'; did you mean 'logplan'"),
        ("agent.name=zzz", r"no agent named 'zzz'; there are: logplan, window"),
        ("roles.default.backend=engin", r"\[roles\.default\] backend: no backend named 'engin'"),
        ("roles.default.bas_url=x", r"roles\.default\.bas_url: .*did you mean 'base_url'"),
        ("roles.memory.depth=x", r"roles\.memory\.depth: "),
        ("roles.gameplay.depth=1", r"roles\.gameplay\.depth: 'player' takes no options"),
    ],
)
def test_what_does_not_fit_is_named(plugins: Plugins, override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        check_config(parse_config(GOOD, [override]), plugins)


def test_a_role_without_a_backend_is_refused(plugins: Plugins) -> None:
    bare = '[run]\nname = "a"\n[environment]\nname = "toy"\n[agent]\nname = "window"\n'
    with pytest.raises(ConfigError, match=r"\[roles\.default\] is missing"):
        check_config(parse_config(bare), plugins)
    with pytest.raises(ConfigError, match=r"no backend is named; there are: engine, player"):
        check_config(parse_config(bare + "[roles.memory]\nmodel = 'x'"), plugins)


def test_the_scaffold_is_found_and_checked(plugins: Plugins, tmp_path: Path) -> None:
    logplan = ["agent.name=logplan"]
    check_config(parse_config(GOOD, [*logplan, "scaffold.from=toy"]), plugins)
    with pytest.raises(ConfigError, match=r"\[scaffold\] from: no scaffold named 'toi'.*'toy'"):
        check_config(parse_config(GOOD, [*logplan, "scaffold.from=toi"]), plugins)
    damaged = tmp_path / "damaged"
    shutil.copytree(toy_scaffold(), damaged)
    (damaged / "prompts" / "plan.md").write_text("{{ nothing_such }}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"damaged cannot be played:\n  .*plan"):
        check_config(parse_config(GOOD, [*logplan, f"scaffold.from={damaged}"]), plugins)
