"""Who can play the demo, what is said of them, and their configurations."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from automem.cli.output import command_line
from automem.errors import PluginError, SetupError

if TYPE_CHECKING:
    from automem.plugins import Plugins
    from automem.records.config import RunConfig

RULES: Final = "rules"
TINY: Final = "tiny"
DEFAULT_PLAYER: Final = TINY
"""Who plays where `--player` is not given."""
TRAINS_IN: Final = "peft"
"""The interpreter that the pipeline of the demo needs."""


class DemoPlayer(NamedTuple):
    """One player of the demo; it is the backend of that name."""

    says: str
    """What it is, in a few words."""
    meaning: str
    """What its scores say, and what they do not."""
    scaffolds: tuple[str, str]
    """Two ways to organize memory, that are compared."""
    overrides: tuple[str, ...] = ()
    """What differs from `demo.toml`."""
    distribution: str = ""
    """What it comes with, where that is no part of every installation."""


PLAYERS: Final[Mapping[str, DemoPlayer]] = {
    RULES: DemoPlayer(
        says="rules, no model is asked",
        meaning="Scores of rules show what memory files are worth to them, and nothing about "
        "language models.",
        scaffolds=("crafter-v0", "crafter-map"),
    ),
    TINY: DemoPlayer(
        says="a language model of 1.4 million parameters that was cloned from rules",
        meaning="Scores of a model cloned from rules say whether the machinery works, and nothing "
        "about large models or the results of the AutoMem paper.",
        scaffolds=("crafter-tiny-v0", "crafter-tiny-map"),
        overrides=(
            "run.name=demo",
            "scaffold.from=crafter-tiny-v0",
            "roles.default.backend=tiny",
            "roles.default.temperature=0.5",
            "roles.default.max_tokens=96",
            "roles.default.seeded=true",
            "roles.default.price=[0.0, 0.0, 0.0]",
        ),
        distribution="automem-tiny",
    ),
}
SHORT: Final = (
    "run.name=demo-pipeline",
    "environment.max_steps=150",
    "seeds.search=5 from 42",
    "seeds.train=6 from 1000",
    "seeds.report=6 from 5000",
    "evolve.revisions=1",
    "evolve.attempts=1",
    "evolve.gate_options={first=3, second=5, fresh=5}",
    "train.iterations=1",
    "train.gate_options={first=3, second=5, fresh=5}",
)
"""What makes the pipeline of `offline.toml` one of minutes."""


def demo_configs(
    player: str, seeds: str, steps: int | None, name: str | None, folder: Path
) -> list[RunConfig]:
    """The configuration of the demo, once for each scaffold. Raises ConfigError."""
    import msgspec

    from automem.records.config import ScaffoldSection, SeedsSection
    from automem.run.seeds import check_disjoint

    chosen = SeedsSection(search=seeds)
    check_disjoint(chosen)
    config = _packaged("demo.toml", PLAYERS[player].overrides, steps, name, folder)
    return [
        msgspec.structs.replace(config, scaffold=ScaffoldSection(source=scaffold), seeds=chosen)
        for scaffold in PLAYERS[player].scaffolds
    ]


def pipeline_config(steps: int | None, name: str | None, folder: Path) -> RunConfig:
    """The configuration of the whole pipeline, in short. Raises ConfigError."""
    return _packaged("offline.toml", SHORT, steps, name, folder)


def default_player(plugins: Plugins, wanted: str = DEFAULT_PLAYER) -> str:
    """Who plays where nobody is named: the rules, where the wanted one is not installed."""
    return wanted if is_installed(wanted, plugins) else RULES


def is_installed(player: str, plugins: Plugins) -> bool:
    """Whether what it comes with is there."""
    return not PLAYERS[player].distribution or player in plugins.backends()


def require_player(player: str, plugins: Plugins) -> None:
    """Refuse a player that is not installed. Raises PluginError, which says how to get it."""
    distribution = PLAYERS[player].distribution
    if not is_installed(player, plugins):
        raise PluginError(
            f"the player '{player}' comes with {distribution}, which is not installed; install it "
            f"with: pip install {distribution}, or watch the rules: "
            + command_line("demo", "--player", RULES)
        )


def require_interpreter(plugins: Plugins, again: str) -> None:
    """Refuse to begin what cannot be trained in the end. Raises SetupError, PluginError."""
    from automem.setups.make import find_setup

    status = find_setup(TRAINS_IN, plugins).status()
    if status.state != "made":
        why = f" ({status.reason})" if status.reason else ""
        raise SetupError(
            "the training of the pipeline needs torch, in an interpreter of its own of about 1 GB, "
            f"which is {status.state}{why}; make it with: {command_line('setup', TRAINS_IN)}\n"
            f"then: {again}"
        )


def _packaged(
    file: str, overrides: tuple[str, ...], steps: int | None, name: str | None, folder: Path
) -> RunConfig:
    from automem.run.config import parse_config
    from automem.run.overrides import quoted

    text = importlib.resources.files("automem.cli").joinpath(file).read_text("utf-8")
    given = [f"run.folder={quoted(str(folder))}"]
    if name is not None:
        given.append(f"run.name={quoted(name)}")
    if steps is not None:
        given.append(f"environment.max_steps={steps}")
    return parse_config(text, (*overrides, *given), source=file)
