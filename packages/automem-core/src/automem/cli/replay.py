"""`automem replay`: prove a recorded episode again."""

from __future__ import annotations

from pathlib import Path

import click

from automem.cli.errors import FAILED
from automem.cli.invocation import Invocation
from automem.cli.output import command_line, examples, folder_option, json_option, print_json, say


@click.command(
    epilog=examples(
        "automem replay runs/demo crafter-tiny-map/42",
        "automem replay demo 3f2a9c01/default/42 --json",
    )
)
@click.argument("run")
@click.argument("episode")
@folder_option
@json_option
@click.pass_context
def replay(ctx: click.Context, *, run: str, episode: str, folder: Path, as_json: bool) -> None:
    """Play a recorded episode again with its recorded answers, asking no model.

    Every observation, prompt, memory operation and reward is compared with the trace. RUN and
    EPISODE are as in `automem trace`. Exits with 1 where something differs.
    """
    import anyio

    from automem.cli.locate import locate_episode, locate_run
    from automem.evaluate.replay import replay_episode
    from automem.logging import logging_to
    from automem.plugins import load_plugins

    invocation = ctx.ensure_object(Invocation)
    found = locate_episode(locate_run(run, folder), episode)
    invocation.log = found.run.log
    with logging_to(found.run.log, verbose=invocation.verbose):
        report = anyio.run(
            replay_episode, found.run, found.evaluation, found.episode, load_plugins()
        )
    if as_json:
        print_json(report)
    so_far = "" if report.finished else "; the episode is not finished"
    say(f"{found.name}: {report.matched:,} of {report.steps:,} recorded steps match{so_far}")
    if report.difference is not None:
        say(f"first difference: {report.difference}")
        step = str(report.matched)
        say("next: " + command_line("trace", str(found.run.path), found.name, "--step", step))
        ctx.exit(FAILED)
