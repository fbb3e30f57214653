"""`automem runs`: list, show, compare and compact runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automem.cli.output import (
    command_line,
    examples,
    folder_option,
    json_option,
    print_json,
    say,
    say_next,
    stderr_console,
)

if TYPE_CHECKING:
    from automem.run.layout import RunFolder


@click.group(
    epilog=examples(
        "automem runs list",
        "automem runs show demo",
        "automem runs compare demo:crafter-tiny-v0 demo:crafter-tiny-map",
        "automem runs compact demo",
    )
)
def runs() -> None:
    """List, show, compare and compact runs."""


@runs.command("list", epilog=examples("automem runs list", "automem runs list --json"))
@folder_option
@json_option
def list_(*, folder: Path, as_json: bool) -> None:
    """List the runs of a folder with their status."""
    from automem.cli.locate import runs_in
    from automem.cli.overview import overview, overview_table

    rows = [overview(run) for run in runs_in(folder)]
    if as_json:
        print_json(rows)
    if not rows:
        say(f"no runs in {folder}", "next: " + command_line("demo"))
        return
    say(overview_table(rows), "next: " + command_line("runs", "show", rows[-1].path))


@runs.command(
    epilog=examples(
        "automem runs show demo",
        "automem runs show runs/demo --json",
        "automem runs show demo --behaviour",
    )
)
@click.argument("run")
@click.option(
    "--behaviour",
    "--behavior",
    "behaviour",
    is_flag=True,
    help="Show how each evaluation used its memory.",
)
@folder_option
@json_option
def show(*, run: str, behaviour: bool, folder: Path, as_json: bool) -> None:
    """Show a run: scores, tokens and money, or how it used its memory."""
    from automem.cli.locate import locate_run
    from automem.cli.overview import details, status_lines, unfinished_lines
    from automem.cli.tables import evaluations_tables
    from automem.cli.task_tables import tasks_tables

    found = locate_run(run, folder)
    if behaviour:
        _behaviour(found, as_json=as_json)
        return
    shown = details(found)
    if as_json:
        print_json(shown)
    say("\n".join(status_lines(found, shown)))
    say(*evaluations_tables(shown.evaluations, width=stderr_console().width))
    say(*tasks_tables(shown.evaluations))
    if shown.unfinished:
        say("\n".join(unfinished_lines(shown)))
    if shown.evaluations:
        first = shown.evaluations[0]
        episode = f"{first.key[:8]}/{first.tasks[0]}/{first.seeds[0]}"
        say("next: " + command_line("trace", str(found.path), episode))
    elif found.config.exists():
        say("next: " + command_line("eval", str(found.config)))


def _behaviour(found: RunFolder, *, as_json: bool) -> None:
    from automem.cli.behaviour import behaviour_tables, behaviours, legend

    shown = behaviours(found)
    if as_json:
        print_json(shown)
    if not shown:
        say(f"no complete evaluation in {found.path}")
        return
    say(*behaviour_tables(shown), legend())
    say("next: " + command_line("runs", "show", str(found.path), "--behaviour", "--json"))


@runs.command(
    epilog=examples(
        "automem runs compare demo",
        "automem runs compare demo:crafter-tiny-v0 demo:crafter-tiny-map",
        "automem runs compare runs/first runs/second:3f2a9c01 --json",
        "automem runs compare a:crafter-v0 a:crafter-map --and b:minihack-v0 b:minihack-new",
    )
)
@click.argument("a")
@click.argument("b", required=False)
@click.option(
    "--and",
    "more",
    nargs=2,
    multiple=True,
    metavar="A B",
    help="Two more, of another environment; p is then adjusted for all of them by Holm.",
)
@folder_option
@json_option
def compare(
    *, a: str, b: str | None, more: tuple[tuple[str, str], ...], folder: Path, as_json: bool
) -> None:
    """Compare two complete evaluations, pair by pair.

    A and B are RUN, or RUN:EVALUATION where a run holds several; the evaluation is named by its
    scaffold or the beginning of its key. A alone compares the two evaluations of one run. The
    difference is B minus A. What is incomplete, or no pair, is refused with the reason.
    """
    from automem.cli.comparison import adjusted, choose, compare_evaluations
    from automem.cli.tables import holm_lines, pairs_table, verdict

    sides = [choose(a, b, folder), *(choose(one, other, folder) for one, other in more)]
    comparisons = adjusted([compare_evaluations(first, second) for first, second in sides])
    if as_json:
        print_json(comparisons if more else comparisons[0])
    for (first, second), comparison in zip(sides, comparisons, strict=True):
        say(pairs_table(first, second), verdict(first, second, comparison.paired))
        for note in comparison.notes:
            say(f"note: {note}")
    if more:
        say(holm_lines(comparisons))


@runs.command(epilog=examples("automem runs compact demo"))
@click.argument("run")
@folder_option
@json_option
def compact(*, run: str, folder: Path, as_json: bool) -> None:
    """Compress the finished traces of a run.

    They can be read and replayed as before.
    """
    from automem.cli.compacting import compact_run
    from automem.cli.locate import locate_run
    from automem.run.status import hold
    from automem.ui.words import size

    found = locate_run(run, folder)
    with hold(found):
        done = compact_run(found)
    if as_json:
        print_json(done)
    say(
        f"{done.compacted} traces compacted, "
        f"{size(done.bytes_before)} -> {size(done.bytes_after)}; "
        f"{done.unfinished} unfinished ones left as they are"
    )
    say_next(found.path, ("runs", "show", str(found.path)))
