"""`automem config`: check and show configurations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automem.cli.output import command_line, examples, print_json, say

if TYPE_CHECKING:
    from automem.records.config import RunConfig

config_argument = click.argument("config", type=click.Path(path_type=Path))
override_option = click.option(
    "-s",
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override one value, such as seeds.search=42-43. May be repeated.",
)
run_option = click.option("--run", "name", help="The run's name, in place of the one in CONFIG.")


def named_config(config: Path, overrides: tuple[str, ...], name: str | None) -> RunConfig:
    """The configuration, overridden, under the name that `--run` gives. Raises ConfigError."""
    from automem.run.config import load_config
    from automem.run.overrides import quoted

    named = (f"run.name={quoted(name)}",) if name else ()
    return load_config(config, (*overrides, *named))


@click.group(
    epilog=examples(
        "automem config check configs/crafter.toml",
        "automem config show configs/crafter.toml -s environment.profile=balrog",
        "automem config schema > automem.schema.json",
    )
)
def config() -> None:
    """Check and show configurations."""


@config.command(epilog=examples("automem config check configs/crafter.toml"))
@config_argument
@override_option
def check(*, config: Path, overrides: tuple[str, ...]) -> None:
    """Check a configuration without playing anything.

    Names, options, seeds, the scaffold and the sections of the loops are compared with what is
    installed; servers are not asked.
    """
    from automem.evaluate.plan import chosen_seeds
    from automem.loops.pipeline import open_loops
    from automem.plugins import load_plugins
    from automem.run.check import check_config
    from automem.run.config import load_config

    loaded = load_config(config, overrides)
    plugins = load_plugins()
    check_config(loaded, plugins)
    chosen_seeds(loaded)
    loops = [loop.name for loop in open_loops(loaded, plugins)]
    same = [part for override in overrides for part in ("-s", override)]
    following = command_line(_next_command(loops, loaded), str(config), *same)
    say(f"{config} can be played", f"next: {following}")


def _next_command(loops: list[str], config: RunConfig) -> str:
    """What the configuration was written for, by the loops whose sections it has."""
    if len(loops) > 1 and config.seeds.report:
        return "pipeline"
    return loops[0] if loops else "eval"


@config.command(
    epilog=examples("automem config show configs/crafter.toml -s seeds.search=42-43 > mine.toml")
)
@config_argument
@override_option
def show(*, config: Path, overrides: tuple[str, ...]) -> None:
    """Print the resolved configuration as TOML.

    Overrides are applied and defaults spelled out.
    """
    from automem.run.config import load_config, render_config

    click.echo(render_config(load_config(config, overrides)), nl=False)


@config.command(epilog=examples("automem config schema > automem.schema.json"))
def schema() -> None:
    """Print the JSON schema of configurations, for editors."""
    from automem.run.schema import config_schema

    print_json(config_schema())
