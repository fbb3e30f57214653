"""What the commands that work through loops share: their options, and saying what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from automem.cli.config import config_argument, override_option, run_option
from automem.cli.invocation import Invocation
from automem.cli.output import command_line, display_option, json_option, print_json, say

if TYPE_CHECKING:
    from rich.console import RenderableType

    from automem.records.config import RunConfig
    from automem.run.layout import RunFolder

_F = TypeVar("_F", bound=Callable[..., Any])

report_option = click.option(
    "--report",
    "with_report",
    is_flag=True,
    help="When nothing is left to try, play every kept version on the report seeds.",
)
_BEFORE = (
    config_argument,
    override_option,
    run_option,
    click.option(
        "--estimate", "only_estimate", is_flag=True, help="Only say what it would come to."
    ),
    click.option(
        "--measured-in",
        metavar="RUN",
        help="A run whose episodes and trainings tell what they take. Default: this one.",
    ),
)
_AFTER = (display_option, json_option)


def loop_options(*own: Callable[[Any], Any]) -> Callable[[_F], _F]:
    """CONFIG and what every such command takes, with the options of one command among them."""

    def decorate(function: _F) -> _F:
        for option in reversed((*_BEFORE, *own, *_AFTER)):
            function = option(function)
        return function

    return decorate


def measured_run(measured_in: str | None, run: RunFolder, config: RunConfig) -> RunFolder:
    """The run whose episodes tell what one takes: the one that is named, else the run itself."""
    from automem.cli.locate import locate_run

    return run if measured_in is None else locate_run(measured_in, Path(config.run.folder))


def say_estimate(
    expected: Any, tables: Iterable[RenderableType], invocation: Invocation, *, as_json: bool
) -> None:
    """What `--estimate` says, and the command that begins."""
    if as_json:
        print_json(expected)
    say(*tables)
    again = [each for each in invocation.arguments if each != "--estimate"]
    say("next: " + command_line(*again))
