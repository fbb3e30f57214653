"""`automem evolve`: loop 1 from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automem.cli.config import config_argument, override_option
from automem.cli.invocation import Invocation
from automem.cli.output import (
    command_line,
    display_option,
    examples,
    json_option,
    print_json,
    say,
    say_next,
)

if TYPE_CHECKING:
    from automem.ui.display import Mode


@click.command(
    epilog=examples(
        "automem evolve configs/evolve.toml --estimate",
        "automem evolve configs/evolve.toml",
        "automem evolve configs/evolve.toml -s evolve.provider=manual --run by-hand",
        "automem evolve configs/evolve.toml --report",
        "automem evolve configs/evolve.toml --aa 20",
    )
)
@config_argument
@override_option
@click.option("--run", "name", help="The run's name, in place of the one in CONFIG.")
@click.option("--estimate", "only_estimate", is_flag=True, help="Only say what it would come to.")
@click.option(
    "--measured-in",
    metavar="RUN",
    help="A run whose episodes tell what a step takes. Default: this one.",
)
@click.option(
    "--report",
    "with_report",
    is_flag=True,
    help="When nothing is left to try, play every kept version on the report seeds.",
)
@click.option(
    "--aa",
    type=click.IntRange(min=1),
    metavar="N",
    help="Gate the scaffold against itself N times instead, and say how often it is taken for "
    "an improvement.",
)
@display_option
@json_option
@click.pass_obj
def evolve(
    invocation: Invocation,
    *,
    config: Path,
    overrides: tuple[str, ...],
    name: str | None,
    only_estimate: bool,
    measured_in: str | None,
    with_report: bool,
    aa: int | None,
    mode: Mode | None,
    as_json: bool,
) -> None:
    """Let a meta-LLM improve the scaffold, and keep only what the gate lets through.

    Each try is a review of whole episodes that ends in a changed scaffold, its acceptance check,
    and a gate that plays as many seeds as it needs to judge. Everything tried is a line of the
    run's ledger. The same command goes on after an interruption, wherever it was: no review and
    no episode is paid for twice.
    """
    from automem.cli.estimates import estimate_tables
    from automem.cli.locate import locate_run
    from automem.plugins import load_plugins
    from automem.run.config import load_config
    from automem.run.overrides import quoted
    from automem_meta.evolve import telling
    from automem_meta.evolve.opening import open_config
    from automem_meta.evolve.working import Task, check_beginning, estimate_of, work

    named = (f"run.name={quoted(name)}",) if name else ()
    opened = open_config(load_config(config, (*overrides, *named)), load_plugins())
    invocation.resume = command_line(*invocation.arguments)
    runs = Path(opened.config.run.folder)
    source = opened.run if measured_in is None else locate_run(measured_in, runs)
    check_beginning(opened)
    expected = estimate_of(opened, source)
    if only_estimate:
        if as_json:
            print_json(expected)
        say(*estimate_tables(expected))
        again = [each for each in invocation.arguments if each != "--estimate"]
        say("next: " + command_line(*again))
        return
    if aa is None:
        say(*estimate_tables(expected))
    task = Task(aa=aa, with_report=with_report)
    done = work(opened, task, invocation, mode=mode)
    if as_json:
        print_json(done)
    say(*telling.tables(done))
    again = list(invocation.arguments)
    _say_end(opened.run.path, again, report_left=done.loop_ended and not with_report)


def _say_end(run: Path, again: list[str], *, report_left: bool) -> None:
    following: list[tuple[str, ...]] = [("scaffold", "lineage", str(run)), ("report", str(run))]
    if report_left:
        following.insert(0, (*again, "--report"))
    say_next(run, *following)
