"""`automem plugins`: list plugins and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from automem.cli.output import examples, json_option, print_json, stderr_console

if TYPE_CHECKING:
    from automem.plugins import PluginInfo


@click.command(
    epilog=examples("automem plugins", "automem plugins --time", "automem plugins --json")
)
@click.option("--time", "timed", is_flag=True, help="Also show how long each took to import.")
@json_option
def plugins(*, timed: bool, as_json: bool) -> None:
    """List plugins, what each offers, and what is wrong with those that do not work.

    AUTOMEM_DISABLE_PLUGINS=name,name leaves plugins out; `all` leaves only AutoMem's own.
    """
    from automem.plugins import load_plugins

    installed = load_plugins().installed()
    if as_json:
        print_json(installed)
        return
    console = stderr_console()
    for plugin in installed:
        console.print(_heading(plugin, timed=timed), markup=False, highlight=False, soft_wrap=True)
        for hook, specs in plugin.specs.items():
            for spec in specs:
                kind = hook.removeprefix("automem_").replace("_", " ")
                line = f"  {kind}: {spec.name} - {spec.summary}"
                console.print(line, markup=False, highlight=False, soft_wrap=True)
        if plugin.error is not None:
            console.print(
                f"  {plugin.error}", style="red", markup=False, highlight=False, soft_wrap=True
            )


def _heading(plugin: PluginInfo, *, timed: bool) -> str:
    took = f", imported in {plugin.import_seconds * 1000:.1f} ms" if timed else ""
    return f"{plugin.name} ({plugin.distribution} {plugin.version}{took})"
