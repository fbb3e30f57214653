"""`automem pipeline`: both loops, the final table and the report, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automem.cli.config import named_config
from automem.cli.invocation import Invocation
from automem.cli.loop_options import loop_options, measured_run, say_estimate
from automem.cli.output import command_line, examples, print_json, say, say_next

if TYPE_CHECKING:
    from automem.loops.foreseeing import PipelineEstimate
    from automem.loops.pipeline import FinalTable, Pipeline
    from automem.loops.watching import Watching
    from automem.ui.display import Mode


@click.command(
    epilog=examples(
        "automem pipeline configs/crafter.toml --estimate",
        "automem pipeline configs/crafter.toml",
        "automem pipeline configs/crafter.toml --estimate --measured-in first-run",
        "automem pipeline configs/crafter.toml -s evolve.provider=manual --run by-hand",
    )
)
@loop_options()
@click.pass_obj
def pipeline(
    invocation: Invocation,
    *,
    config: Path,
    overrides: tuple[str, ...],
    name: str | None,
    only_estimate: bool,
    measured_in: str | None,
    mode: Mode | None,
    as_json: bool,
) -> None:
    """Improve the scaffold, train a specialist, and say what it brought.

    Works through the loops whose sections are in CONFIG, `evolve` before `train`. Then what the
    run began with, everything that was kept, and the baselines without memory files are played
    once on the report seeds: the final table is `pipeline.json` in the run, and a part of
    `report.html`. The same command goes on after an interruption, wherever it was.
    """
    from automem.cli.pipeline_tables import estimate_tables
    from automem.loops.foreseeing import foresee
    from automem.loops.pipeline import open_pipeline
    from automem.plugins import load_plugins

    opened = open_pipeline(named_config(config, overrides, name), load_plugins())
    source = measured_run(measured_in, opened.run, opened.config)
    expected = foresee(opened, source)
    if only_estimate:
        say_estimate(expected, estimate_tables(expected), invocation, as_json=as_json)
        return
    carry_out(opened, expected, invocation, mode=mode, as_json=as_json)


def carry_out(
    opened: Pipeline,
    expected: PipelineEstimate,
    invocation: Invocation,
    *,
    mode: Mode | None,
    as_json: bool,
) -> None:
    """Work through what is left, and end with table and page; what is missing is told first."""
    from automem.cli.pipeline_tables import estimate_tables, final_tables
    from automem.cli.playing import work_on
    from automem.loops.pipeline import page_is_current

    invocation.resume = command_line(*invocation.arguments)
    opened.check()
    say(*estimate_tables(expected))

    async def body(watching: Watching) -> FinalTable:
        return await _work(opened, watching)

    table = work_on(opened.config, opened.run, invocation, body, mode=mode)
    if as_json:
        print_json(table)
    say(*final_tables(table))
    page = opened.run.report if page_is_current(opened.run) else opened.run.pipeline
    say_next(page, ("view", str(opened.run.path)), ("runs", "show", str(opened.run.path)))


async def _work(opened: Pipeline, watching: Watching) -> FinalTable:
    """The stages, and the page at the end; a page that is there already is not drawn again."""
    from automem.loops.pipeline import page_is_current, work
    from automem.report.building import build_report

    table = await work(opened, watching)
    if not page_is_current(opened.run):
        section = opened.config.pipeline
        watching.say("the page")
        built = await build_report(
            [opened.run],
            opened.plugins,
            opened.run.report,
            frames=section.frames,
            seeds=opened.seeds[: section.replayed],
        )
        for note in built.notes:
            watching.say(f"note: {note}")
    return table
