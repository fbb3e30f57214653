"""How plugins are found, named, refused and described."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from typing import cast

import pytest

from automem.errors import ConfigError, PluginError
from automem.plugins import Plugins, load_plugins
from automem.protocols import RunView
from automem.run.layout import run_folder
from automem.spec import EnvironmentSpec, Spec

GAME = """
from automem import EnvironmentSpec, hookimpl

@hookimpl
def automem_environments():
    return [EnvironmentSpec(name="{name}", make="{module}:Game", summary="a game")]

class Game:
    pass
"""


class Shelf:
    """Installs small distributions in a folder and loads the plugins of that folder alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, module: str, body: str, *, distribution: str = "", name: str = "") -> None:
        distribution = distribution or f"{module}-package"
        (self.folder / f"{module}.py").write_text(body, encoding="utf-8")
        info = self.folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        points = f"[automem]\n{name or module} = {module}\n"
        (info / "entry_points.txt").write_text(points, encoding="utf-8")

    def load(
        self, *, blocked: tuple[str, ...] = (), environ: Mapping[str, str] | None = None
    ) -> Plugins:
        points: list[EntryPoint] = []
        for distribution in distributions(path=[str(self.folder)]):
            points += distribution.entry_points
        return load_plugins(blocked=blocked, entry_points=points, environ=environ or {})


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.syspath_prepend(tmp_path)
    return Shelf(tmp_path)


def install_game(shelf: Shelf, module: str, name: str, **more: str) -> None:
    shelf.install(module, GAME.format(name=name, module=module), **more)


def test_a_part_is_found_by_its_name_and_imported_on_first_use(shelf: Shelf) -> None:
    install_game(shelf, "shelf_chess", "chess")
    plugins = shelf.load()
    spec = plugins.get("environment", "chess")
    assert list(plugins.environments()) == ["chess"]
    assert plugins.load(spec).__name__ == "Game"


def test_parts_are_listed_in_the_order_of_their_names(shelf: Shelf) -> None:
    install_game(shelf, "shelf_a", "zebra")
    install_game(shelf, "shelf_b", "ape")
    assert list(shelf.load().environments()) == ["ape", "zebra"]


def test_the_installed_packages_offer_their_parts() -> None:
    plugins = load_plugins()
    assert "crafter" in plugins.environments()
    assert {"crafter-map", "crafter-v0"} <= set(plugins.scaffolds())
    assert {"openai-compatible", "rules"} <= set(plugins.backends())
    assert [info.error for info in plugins.installed()] == [None] * len(plugins.installed())


KINDS: dict[str, Callable[[Plugins], Mapping[str, Spec]]] = {
    "backends": Plugins.backends,
    "meta_providers": Plugins.meta_providers,
    "trainers": Plugins.trainers,
    "executors": Plugins.executors,
    "gates": Plugins.gates,
    "scaffolds": Plugins.scaffolds,
    "commands": Plugins.commands,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_part_has_its_own_hook(shelf: Shelf, kind: str) -> None:
    shelf.install(
        f"shelf_{kind}",
        f"""
from automem import Spec, hookimpl

@hookimpl
def automem_{kind}():
    return [Spec(name="mine", make="nowhere:nothing", summary="of kind {kind}")]
""",
    )
    plugins = shelf.load()
    assert KINDS[kind](plugins)["mine"].summary == f"of kind {kind}"
    assert plugins.environments() == {}


def test_an_unknown_name_is_answered_with_the_closest_one(shelf: Shelf) -> None:
    install_game(shelf, "shelf_craft", "crafter")
    with pytest.raises(PluginError) as caught:
        shelf.load().get("environment", "crafte")
    assert str(caught.value) == "no environment named 'crafte'; did you mean 'crafter'?"


def test_an_unknown_name_like_no_other_is_answered_with_all_there_are(shelf: Shelf) -> None:
    install_game(shelf, "shelf_go", "go")
    with pytest.raises(PluginError, match=r"'zzzz'; there are: go$"):
        shelf.load().get("environment", "zzzz")


def test_a_kind_that_nobody_offers_says_so(shelf: Shelf) -> None:
    with pytest.raises(PluginError, match="no meta provider named 'x'; no plugin offers any"):
        shelf.load().get("meta_provider", "x")


def test_two_plugins_with_one_name_are_an_error_that_names_both(shelf: Shelf) -> None:
    install_game(shelf, "shelf_one", "chess")
    install_game(shelf, "shelf_two", "chess")
    plugins = shelf.load()
    with pytest.raises(PluginError) as caught:
        plugins.environments()
    said = str(caught.value)
    assert "'shelf_one' (shelf_one-package)" in said
    assert "'shelf_two' (shelf_two-package)" in said
    assert [info.error is not None for info in plugins.installed()] == [True, True]


def test_a_broken_plugin_hides_no_other(shelf: Shelf) -> None:
    install_game(shelf, "shelf_fine", "chess")
    shelf.install("shelf_broken", "raise RuntimeError('the sky fell')")
    plugins = shelf.load()
    assert list(plugins.environments()) == ["chess"]
    errors = {info.name: info.error for info in plugins.installed()}
    assert errors["shelf_fine"] is None
    assert "the sky fell" in (errors["shelf_broken"] or "")


def test_a_plugin_that_wants_to_leave_takes_nobody_along(shelf: Shelf) -> None:
    install_game(shelf, "shelf_staying", "chess")
    shelf.install("shelf_leaving", "raise SystemExit('I leave')")
    plugins = shelf.load()
    assert list(plugins.environments()) == ["chess"]
    errors = {info.name: info.error for info in plugins.installed()}
    assert errors["shelf_leaving"] == "import of 'shelf_leaving' failed: SystemExit: I leave"


def test_a_broken_plugin_is_named_when_a_lookup_fails(shelf: Shelf) -> None:
    shelf.install("shelf_cracked", "import a_module_that_nobody_has")
    with pytest.raises(PluginError, match=r"'shelf_cracked' .* is broken: .*nobody_has"):
        shelf.load().get("environment", "chess")


def test_a_hook_that_raises_breaks_its_plugin_alone(shelf: Shelf) -> None:
    install_game(shelf, "shelf_good", "chess")
    shelf.install(
        "shelf_raising",
        "from automem import hookimpl\n@hookimpl\ndef automem_environments():\n    1 / 0\n",
    )
    plugins = shelf.load()
    assert list(plugins.environments()) == ["chess"]
    assert "ZeroDivisionError" in (plugins.installed()[1].error or "")


def test_a_hook_that_gives_no_spec_breaks_its_plugin(shelf: Shelf) -> None:
    shelf.install(
        "shelf_wrong",
        "from automem import hookimpl\n@hookimpl\ndef automem_environments():\n    return ['go']\n",
    )
    plugins = shelf.load()
    assert plugins.environments() == {}
    assert plugins.installed()[0].error == (
        "hook automem_environments gave 'go', which is no EnvironmentSpec"
    )


def test_a_misspelt_hook_is_an_error_that_names_the_closest(shelf: Shelf) -> None:
    shelf.install(
        "shelf_typo",
        "from automem import hookimpl\n@hookimpl\ndef automem_enviroments():\n    return []\n",
    )
    plugins = shelf.load()
    with pytest.raises(PluginError) as caught:
        plugins.environments()
    said = str(caught.value)
    assert "'shelf_typo' (shelf_typo-package)" in said
    assert "'automem_enviroments'" in said
    assert "did you mean 'automem_environments'?" in said
    assert plugins.installed()[0].error == said


def test_a_hook_with_arguments_of_its_own_breaks_its_plugin(shelf: Shelf) -> None:
    shelf.install(
        "shelf_arguments",
        "from automem import hookimpl\n@hookimpl\ndef automem_gates(color):\n    return []\n",
    )
    plugins = shelf.load()
    assert plugins.gates() == {}
    assert "registration of 'shelf_arguments' failed" in (plugins.installed()[0].error or "")


def test_plugins_are_blocked_by_entry_point_or_distribution(shelf: Shelf) -> None:
    install_game(shelf, "shelf_x", "x")
    install_game(shelf, "shelf_y", "y")
    install_game(shelf, "shelf_z", "z")
    plugins = shelf.load(
        blocked=("shelf_x",), environ={"AUTOMEM_DISABLE_PLUGINS": " shelf_y-package ,"}
    )
    assert list(plugins.environments()) == ["z"]
    assert [info.name for info in plugins.installed()] == ["shelf_z"]


def test_all_leaves_only_the_packages_of_the_project(shelf: Shelf) -> None:
    install_game(shelf, "shelf_own", "own", distribution="automem-envs")
    install_game(shelf, "shelf_alien", "alien")
    plugins = shelf.load(environ={"AUTOMEM_DISABLE_PLUGINS": "all"})
    assert list(plugins.environments()) == ["own"]


def test_an_entry_point_without_a_distribution_is_a_plugin_too(shelf: Shelf) -> None:
    install_game(shelf, "shelf_loose", "loose")
    point = EntryPoint(name="loose", value="shelf_loose", group="automem")
    plugins = load_plugins(entry_points=[point], environ={})
    assert plugins.installed()[0].distribution == "unknown distribution"


def spec(make: str, extra: str | None = None) -> Spec:
    return Spec(name="thing", make=make, summary="", extra=extra)


def test_a_missing_package_is_answered_with_the_install_line(shelf: Shelf) -> None:
    (shelf.folder / "shelf_needy.py").write_text("import nobody_has_this\n", encoding="utf-8")
    with pytest.raises(PluginError) as caught:
        shelf.load().load(spec("shelf_needy:Thing", "things[all]"))
    assert "needs the package 'nobody_has_this'" in str(caught.value)
    assert "pip install 'things[all]'" in str(caught.value)


@pytest.mark.parametrize(
    ("make", "extra", "said"),
    [
        ("shelf_nowhere:Thing", "things", "No module named 'shelf_nowhere'"),
        ("shelf_nowhere:Thing", None, "No module named 'shelf_nowhere'"),
        ("automem.spec:Nothing", None, "has no attribute 'Nothing'"),
    ],
)
def test_what_cannot_be_imported_is_named(
    shelf: Shelf, make: str, extra: str | None, said: str
) -> None:
    with pytest.raises(PluginError, match=said) as caught:
        shelf.load().load(spec(make, extra))
    assert "pip install" not in str(caught.value)


def test_options_are_checked_against_the_struct_of_the_part() -> None:
    plugins = load_plugins()
    crafter = plugins.get("environment", "crafter")
    options = plugins.options(crafter, {"profile": "balrog"})
    assert getattr(options, "profile", None) == "balrog"
    with pytest.raises(ConfigError, match=r"environment\.profil: .*did you mean 'profile'"):
        plugins.options(crafter, {"profil": "balrog"}, path="environment")


def test_a_part_without_a_struct_takes_no_options(shelf: Shelf) -> None:
    game = EnvironmentSpec(name="go", make="a:b", summary="")
    assert shelf.load().options(game, {}) is None
    with pytest.raises(ConfigError, match=r"options\.size: 'go' takes no options"):
        shelf.load().options(game, {"size": 9})


TRACKER = """
from automem import hookimpl

@hookimpl
def automem_subscribers({arguments}):
    {body}
"""


def test_subscribers_are_told_of_the_run_they_watch(shelf: Shelf, tmp_path: Path) -> None:
    shelf.install("shelf_track", TRACKER.format(arguments="run", body="return [run.name]"))
    shelf.install("shelf_quiet", TRACKER.format(arguments="", body="return ['quiet']"))
    run = run_folder(tmp_path, "first")
    found = shelf.load().subscribers(run)
    assert sorted(cast("tuple[str, ...]", found)) == ["first", "quiet"]


def test_a_tracker_that_fails_stops_the_run_and_is_named(shelf: Shelf, tmp_path: Path) -> None:
    shelf.install("shelf_lost", TRACKER.format(arguments="run", body="raise OSError('no network')"))
    run: RunView = run_folder(tmp_path, "first")
    with pytest.raises(PluginError, match=r"'shelf_lost' .*no network"):
        shelf.load().subscribers(run)
