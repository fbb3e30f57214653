"""`automem doctor`: see what this machine has and lacks."""

from __future__ import annotations

import click

from automem.cli.errors import FAILED
from automem.cli.output import command_line, examples, json_option, print_json, say

_MARKS = {"ok": "ok     ", "note": "note   ", "missing": "MISSING"}


@click.command(epilog=examples("automem doctor", "automem doctor --json"))
@json_option
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool) -> None:
    """See what this machine has and lacks: Python, plugins, games, disk, GPUs, key variables.

    Of keys only the names of the variables are shown. Exits with 1 where something that every
    run needs is missing.
    """
    from automem.cli.checkup import examine
    from automem.plugins import load_plugins

    checks = examine(load_plugins())
    if as_json:
        print_json(checks)
    for check in checks:
        say(f"{_MARKS[check.state]}  {check.name}: {check.text}")
    if any(check.state == "missing" for check in checks):
        ctx.exit(FAILED)
    say("next: " + command_line("demo"))
