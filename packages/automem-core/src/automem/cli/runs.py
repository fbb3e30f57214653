"""`automem runs`: list, show, compare and compact runs."""

from __future__ import annotations

from pathlib import Path

import click

from automem.cli.output import (
    command_line,
    examples,
    folder_option,
    json_option,
    print_json,
    say,
    say_next,
)


@click.group(
    epilog=examples(
        "automem runs list",
        "automem runs show demo",
        "automem runs compare demo:crafter-v0 demo:crafter-map",
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


@runs.command(epilog=examples("automem runs show demo", "automem runs show runs/demo --json"))
@click.argument("run")
@folder_option
@json_option
def show(*, run: str, folder: Path, as_json: bool) -> None:
    """Show a run: what it played, scores, tokens and money."""
    from automem.cli.locate import locate_run
    from automem.cli.overview import details, status_lines, unfinished_lines
    from automem.cli.tables import evaluations_tables

    found = locate_run(run, folder)
    shown = details(found)
    if as_json:
        print_json(shown)
    say("\n".join(status_lines(found, shown)))
    say(*evaluations_tables(shown.evaluations))
    if shown.unfinished:
        say("\n".join(unfinished_lines(shown)))
    if shown.evaluations:
        first = shown.evaluations[0]
        episode = f"{first.key[:8]}/{first.tasks[0]}/{first.seeds[0]}"
        say("next: " + command_line("trace", str(found.path), episode))
    elif found.config.exists():
        say("next: " + command_line("eval", str(found.config)))


@runs.command(
    epilog=examples(
        "automem runs compare demo",
        "automem runs compare demo:crafter-v0 demo:crafter-map",
        "automem runs compare runs/first runs/second:3f2a9c01 --json",
    )
)
@click.argument("a")
@click.argument("b", required=False)
@folder_option
@json_option
def compare(*, a: str, b: str | None, folder: Path, as_json: bool) -> None:
    """Compare two complete evaluations, pair by pair.

    A and B are RUN, or RUN:EVALUATION where a run holds several; the evaluation is named by its
    scaffold or the beginning of its key. A alone compares the two evaluations of one run. The
    difference is B minus A.
    """
    from automem.cli.comparison import choose, compare_evaluations
    from automem.cli.tables import pairs_table, verdict

    first, second = choose(a, b, folder)
    comparison = compare_evaluations(first, second)
    if as_json:
        print_json(comparison)
    say(pairs_table(first, second), verdict(first, second, comparison.paired))
    for note in comparison.notes:
        say(f"note: {note}")


@runs.command(epilog=examples("automem runs compact demo"))
@click.argument("run")
@folder_option
@json_option
def compact(*, run: str, folder: Path, as_json: bool) -> None:
    """Compress the finished traces of a run; they can be read and replayed as before."""
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
