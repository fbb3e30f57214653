"""`automem evolve`: loop 1 from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automem.cli.config import named_config
from automem.cli.invocation import Invocation
from automem.cli.loop_options import (
    loop_options,
    measured_run,
    report_option,
    say_estimate,
)
from automem.cli.output import command_line, examples, print_json, say, say_next

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
@loop_options(
    report_option,
    click.option(
        "--aa",
        type=click.IntRange(min=1),
        metavar="N",
        help="Gate the scaffold against itself N times instead, and say how often it is taken for "
        "an improvement.",
    ),
)
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
    from automem.plugins import load_plugins
    from automem_meta.evolve import telling
    from automem_meta.evolve.opening import open_config
    from automem_meta.evolve.working import Task, check_beginning, estimate_of, work

    opened = open_config(named_config(config, overrides, name), load_plugins())
    invocation.resume = command_line(*invocation.arguments)
    source = measured_run(measured_in, opened.run, opened.config)
    check_beginning(opened)
    expected = estimate_of(opened, source)
    if only_estimate:
        say_estimate(expected, estimate_tables(expected), invocation, as_json=as_json)
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
