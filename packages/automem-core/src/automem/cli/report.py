"""`automem report`: runs as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automem.cli.invocation import Invocation
from automem.cli.output import examples, folder_option, json_option, print_json, say, say_next

if TYPE_CHECKING:
    from automem.report.pictures import Frames


@click.command(
    epilog=examples(
        "automem report demo",
        "automem report demo --seeds 42-43 -o two-seeds.html",
        "automem report runs/first runs/second --frames key",
    )
)
@click.argument("names", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write.  [default: report.html in the first run]",
)
@click.option(
    "--frames",
    type=click.Choice(["none", "key", "all"]),
    default="all",
    show_default=True,
    help="Pictures of the replay: none, those of every tenth step and of events, or all.",
)
@click.option("--seeds", default="", help="Replay these seeds only, such as 42-44.")
@folder_option
@json_option
@click.pass_obj
def report(
    invocation: Invocation,
    *,
    names: tuple[str, ...],
    output: Path | None,
    frames: Frames,
    seeds: str,
    folder: Path,
    as_json: bool,
) -> None:
    """Write runs as one HTML file that opens from disk, without network.

    Results with errors and paired tests, achievements, behavior of memory, cost, what changed
    from scaffold to scaffold, and every episode as a replay, versions side by side. Pictures are
    drawn by playing the recorded actions again.
    """
    import anyio

    from automem.cli.locate import locate_run
    from automem.logging import logging_to
    from automem.plugins import load_plugins
    from automem.report.building import Built, build_report
    from automem.run.seeds import parse_seeds
    from automem.ui.words import plural, size

    runs = [locate_run(name, folder) for name in names]
    path = output or runs[0].report
    invocation.log = runs[0].log

    async def build() -> Built:
        return await build_report(
            runs,
            load_plugins(),
            path,
            frames=frames,
            seeds=parse_seeds(seeds) if seeds else (),
            told=say,
        )

    with logging_to(runs[0].log, verbose=invocation.verbose):
        built = anyio.run(build)
    if as_json:
        print_json(built)
    for note in built.notes:
        say(f"note: {note}")
    say(
        f"{plural(built.versions, 'version')}, {plural(built.episodes, 'episode')} to replay, "
        f"{plural(built.pictures, 'picture')}, {size(built.bytes)}"
    )
    say_next(path, ("view", names[0]))
