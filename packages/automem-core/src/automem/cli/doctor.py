"""`automem doctor`: see what this machine has and lacks."""

from __future__ import annotations

from pathlib import Path

import click

from automem.cli.config import override_option
from automem.cli.errors import FAILED
from automem.cli.output import command_line, examples, json_option, print_json, say

_MARKS = {"ok": "ok     ", "note": "note   ", "missing": "MISSING"}


@click.command(
    epilog=examples(
        "automem doctor", "automem doctor --json", "automem doctor configs/two_model.toml"
    )
)
@click.argument("config", type=click.Path(path_type=Path), required=False)
@override_option
@json_option
@click.pass_context
def doctor(
    ctx: click.Context, *, config: Path | None, overrides: tuple[str, ...], as_json: bool
) -> None:
    """See what this machine has and lacks: Python, plugins, games, a model, disk, GPUs, keys.

    With CONFIG also whether its engines fit on the GPUs that are found. Of keys only the names of
    the variables are shown. Exits with 1 where something that every run needs is missing, or
    where CONFIG does not fit.
    """
    from automem.cli.checkup import check_capacity, examine
    from automem.cli.small_model import check_small_model
    from automem.plugins import load_plugins
    from automem.run.config import load_config
    from automem.run.specialist import with_specialist

    plugins = load_plugins()
    loaded = None
    if config is not None:
        loaded = with_specialist(load_config(config, overrides), required=False)
    checks = [*examine(plugins), check_small_model(plugins)]
    if loaded is not None:
        checks += check_capacity(loaded, plugins)
    if as_json:
        print_json(checks)
    for check in checks:
        say(f"{_MARKS[check.state]}  {check.name}: {check.text}")
    if any(check.state == "missing" for check in checks):
        ctx.exit(FAILED)
    say("next: " + command_line("demo"))
