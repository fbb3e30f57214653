"""A command group whose commands are imported when they are called, not when they are listed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import click

from automem.spelling import did_you_mean


class Lazy(NamedTuple):
    """One command: where it is, and its line in the list of commands."""

    target: str
    """`package.module:attribute`, a `click.Command`."""
    summary: str


class Stranger(NamedTuple):
    """A command that a plugin offers."""

    make: Callable[[], click.Command]
    summary: str


class LazyGroup(click.Group):
    """Lists the commands of a table, then the `strangers`, without importing either."""

    def __init__(
        self,
        *args: Any,
        lazy: Mapping[str, Lazy],
        strangers: Callable[[], Mapping[str, Stranger]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy
        self.strangers = strangers

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the table, in its order."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None if nobody has one of that name."""
        if cmd_name in self.lazy:
            module, _, attribute = self.lazy[cmd_name].target.partition(":")
            return getattr(importlib.import_module(module), attribute)
        found = None if cmd_name.startswith("-") else self.strangers().get(cmd_name)
        return None if found is None else found.make()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As in click, with the closest name for an unknown one."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            known = [*self.lazy, *self.strangers()]
            raise click.UsageError(f"no command named '{name}'{did_you_mean(name, known)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line a command, from the table and from what plugins say of theirs."""
        entries: Mapping[str, Lazy | Stranger] = {**self.strangers(), **self.lazy}
        order = [*self.lazy, *(name for name in entries if name not in self.lazy)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, entries[name].summary) for name in order])
