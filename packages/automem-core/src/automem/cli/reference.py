"""The reference of the command line as Markdown: `python -m automem.cli.reference`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from automem.cli.app import automem, plugin_commands

HEAD = """\
# Command line

Generated from the help texts by `python -m automem.cli.reference > docs/reference/cli.md`.
"""
WIDTH = 100


def reference() -> str:
    """The help of every command, in the order of `automem --help`, then of those plugins add."""
    context = _context("automem", automem, None)
    parts = [HEAD, *sections(context, automem)]
    for name, stranger in plugin_commands().items():
        command = stranger.make()
        parts += sections(_context(name, command, context), command)
    return "\n".join(parts).rstrip("\n") + "\n"


def sections(context: click.Context, command: click.Command) -> Iterator[str]:
    """One section for the command and each below it."""
    level = "#" * (2 if context.parent is None or context.parent.parent is None else 3)
    yield f"{level} {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from sections(*_inner(context, command, name))


def _inner(
    context: click.Context, group: click.Group, name: str
) -> tuple[click.Context, click.Command]:
    command = group.get_command(context, name)
    if command is None:
        raise LookupError(f"the group lists '{name}' and does not have it")
    return _context(name, command, context), command


def _context(name: str, command: click.Command, parent: click.Context | None) -> click.Context:
    return click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )


if __name__ == "__main__":
    click.echo(reference(), nl=False)
