"""`automem train`: loop 2 from the command line."""

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
        "automem train configs/crafter.toml --estimate",
        "automem train configs/crafter.toml",
        "automem train configs/crafter.toml -s train.provider=manual --run by-hand",
        "automem train configs/crafter.toml --report",
    )
)
@config_argument
@override_option
@click.option("--run", "name", help="The run's name, in place of the one in CONFIG.")
@click.option("--estimate", "only_estimate", is_flag=True, help="Only say what it would come to.")
@click.option(
    "--measured-in",
    metavar="RUN",
    help="A run whose episodes and trainings tell what they take. Default: this one.",
)
@click.option(
    "--report",
    "with_report",
    is_flag=True,
    help="When nothing is left to try, play every kept version on the report seeds.",
)
@display_option
@json_option
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
    from automem.cli.locate import locate_run
    from automem.plugins import load_plugins
    from automem.run.config import load_config
    from automem.run.overrides import quoted
    from automem_train.loop.opening import open_config
    from automem_train.loop.telling import tables
    from automem_train.loop.working import check_beginning, estimate_of, work

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
