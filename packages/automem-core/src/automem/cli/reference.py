"""The reference of the command line as Markdown: `python -m automem.cli.reference`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from automem.cli.app import automem

HEAD = """\
# Command line

Generated from the help texts by `python -m automem.cli.reference > docs/reference/cli.md`.
"""
WIDTH = 100


def reference() -> str:
    """The help of every command, in the order of `automem --help`."""
    context = _context("automem", automem, None)
    return "\n".join([HEAD, *_sections(context, automem)])


def _sections(context: click.Context, command: click.Command) -> Iterator[str]:
    level = "#" * (2 if context.parent is None or context.parent.parent is None else 3)
    yield f"{level} {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _sections(_context(name, inner, context), inner)


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
    click.echo(reference().rstrip("\n"))
