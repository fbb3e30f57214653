"""`automem setup`: make interpreters and data sets that plugins offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from automem.cli.output import command_line, examples, json_option, print_json, say, say_next

if TYPE_CHECKING:
    from automem.setups.make import Setup


@click.command(
    epilog=examples(
        "automem setup",
        "automem setup nethack-balrog",
        "automem setup boxoban --from boxoban-levels.zip",
        "automem setup nethack-balrog --remove",
    )
)
@click.argument("name", required=False)
@click.option("--remove", is_flag=True, help="Take it away.")
@click.option(
    "--from",
    "source",
    metavar="PLACE",
    default="",
    help="A data set's archive, folder or address, in place of its own.",
)
@json_option
def setup(*, name: str | None, remove: bool, source: str, as_json: bool) -> None:
    """Make an interpreter or a data set that a plugin offers; without NAME, list them.

    What is made and not outdated is left as it is. Interrupted, it leaves what was there before;
    the same command does it again. Everything goes below $AUTOMEM_HOME, by default the automem
    folder of the user's data, ~/.local/share/automem.
    """
    from automem.plugins import load_plugins
    from automem.setups.make import find_setup, offered

    plugins = load_plugins()
    if name is not None:
        _change(find_setup(name, plugins), remove=remove, source=source, as_json=as_json)
        return
    if remove or source:
        raise click.UsageError("name what is meant; `automem setup` lists what there is")
    statuses = [one.status() for one in offered(plugins)]
    if as_json:
        print_json(statuses)
        return
    for status in statuses:
        reason = f": {status.reason}" if status.reason else ""
        say(f"{status.name} ({status.kind}): {status.summary}", f"  {status.state}{reason}")
        again = command_line("setup", status.name)
        say(f"  in {status.folder}" if status.state == "made" else f"  {again}")


def _change(found: Setup, *, remove: bool, source: str, as_json: bool) -> None:
    from automem.setups.make import make
    from automem.setups.make import remove as take_away

    name = found.spec.name
    if remove:
        there = take_away(found, say)
        say(f"removed {found.place.folder}" if there else f"'{name}' is not made")
    else:
        new = make(found, say, source=source)
        if new:
            say_next(found.place.folder, ("setup",))
        else:
            say(f"'{name}' is made already, in {found.place.folder}")
    if as_json:
        print_json(found.status())
