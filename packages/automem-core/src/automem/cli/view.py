"""`automem view`: look at runs in a browser."""

from __future__ import annotations

from pathlib import Path

import click

from automem.cli.output import examples, folder_option, say


@click.command(
    epilog=examples("automem view", "automem view demo", "automem view runs/demo --port 8123")
)
@click.argument("name", metavar="[RUN]", required=False)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8471,
    show_default=True,
    help="Where to listen; 0 is any free port.",
)
@click.option("--pictures/--no-pictures", default=True, help="Whether games are drawn.")
@click.option("--open/--no-open", "opens", default=True, help="Whether to start a browser.")
@folder_option
def view(*, name: str | None, port: int, pictures: bool, opens: bool, folder: Path) -> None:
    """Look at a run, or at all of a folder, in a browser, until interrupted.

    The pages are those of `automem report`, made when they are asked for: nothing is written, and
    runs of any size can be looked at, also while they are played. They are served to this machine
    alone. Very long episodes open at once when their traces are compacted (`automem runs compact`).
    """
    import anyio

    from automem.cli.locate import locate_run, runs_in
    from automem.plugins import load_plugins
    from automem.report.serving import Site, serve

    runs = [locate_run(name, folder)] if name else runs_in(folder)
    site = Site(title=str(folder), runs={run.name: run for run in runs})

    def started(address: str) -> None:
        say(f"{address}  (stop with Ctrl-C)")
        if opens:
            click.launch(address)

    plugins = load_plugins() if pictures else None
    anyio.run(serve, site, port, plugins, runs[0].name if name else "", started)
