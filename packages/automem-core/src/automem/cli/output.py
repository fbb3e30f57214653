"""Where a command's words go: results for programs on stdout, everything for people on stderr."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from automem.ui.words import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
display_option = click.option(
    "--display",
    "mode",
    type=click.Choice(["live", "plain", "json"]),
    help="How to show progress on stderr. Default: live on a terminal, else plain.",
)
folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where run folders are.",
)


def print_json(value: Any) -> None:
    """Write a record, or a list of them, to stdout."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    click.echo(text)


def say(*things: RenderableType) -> None:
    """Write text or rich tables to stderr; nothing in the text is read as markup."""
    console = stderr_console()
    for thing in things:
        thing = visible(thing) if isinstance(thing, str) else thing
        console.print(thing, markup=False, highlight=False, soft_wrap=isinstance(thing, str))


def stderr_console() -> Console:
    """A console on what stderr is now."""
    from rich.console import Console

    return Console(file=sys.stderr)


def page(text: str) -> None:
    """Write a long text to stdout, through a pager if a person reads it."""
    text = visible(text)
    if sys.stdout.isatty() and sys.stdin.isatty():
        click.echo_via_pager(text)
    else:
        click.echo(text)


def say_next(path: Path, *commands: tuple[str, ...]) -> None:
    """How every command ends: the path it wrote and what can be done with it."""
    say(f"wrote {path}")
    for position, command in enumerate(commands):
        say(f"{'next:' if position == 0 else '     '} {command_line(*command)}")


def command_line(*arguments: str) -> str:
    """An `automem` command that can be pasted into the shell this one was started from."""
    # `uv run` puts the environment on the path of its command, not on that of the shell.
    program = ("uv", "run", "automem") if "UV_RUN_RECURSION_DEPTH" in os.environ else ("automem",)
    return shlex.join((*program, *arguments))


def examples(*lines: str) -> str:
    """The epilog of a help text."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
