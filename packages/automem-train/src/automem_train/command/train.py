"""`automem train`: loop 2 from the command line."""

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
        "automem train configs/crafter.toml --estimate",
        "automem train configs/crafter.toml",
        "automem train configs/crafter.toml -s train.provider=manual --run by-hand",
        "automem train configs/crafter.toml --report",
    )
)
@loop_options(report_option)
@click.pass_obj
def train(
    invocation: Invocation,
    *,
    config: Path,
    overrides: tuple[str, ...],
    name: str | None,
    only_estimate: bool,
    measured_in: str | None,
    with_report: bool,
    mode: Mode | None,
    as_json: bool,
) -> None:
    """Train specialists of the model's own good memory turns, and keep what the gate lets through.

    The model plays the train seeds with the best scaffold of the run. A meta-LLM reads what it
    did and writes a recipe: which turns to learn from, and with which LoRA settings. Each adapter
    that is trained by it keeps the memory while the model itself plays, and is judged against the
    model alone. Everything tried is a line of the run's ledger. The same command goes on after an
    interruption, wherever it was: no episode, review or step of training is paid for twice.
    """
    from automem.cli.estimates import estimate_tables
    from automem.plugins import load_plugins
    from automem_train.loop.opening import open_config
    from automem_train.loop.telling import tables
    from automem_train.loop.working import check_beginning, estimate_of, work

    opened = open_config(named_config(config, overrides, name), load_plugins())
    invocation.resume = command_line(*invocation.arguments)
    source = measured_run(measured_in, opened.run, opened.config)
    check_beginning(opened)
    expected = estimate_of(opened, source)
    if only_estimate:
        say_estimate(expected, estimate_tables(expected), invocation, as_json=as_json)
        return
    say(*estimate_tables(expected))
    done = work(opened, invocation, with_report=with_report, mode=mode)
    if as_json:
        print_json(done)
    say(*tables(done))
    following: list[tuple[str, ...]] = [("report", done.run)]
    if done.adapter:
        following.insert(0, ("adapters", "show", f"{done.run}/{done.adapter}"))
    if not with_report:
        following.insert(0, (*invocation.arguments, "--report"))
    say_next(opened.run.path, *following)
