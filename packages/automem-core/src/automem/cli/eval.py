"""`automem eval`: play the episodes of a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automem.cli.config import config_argument, named_config, override_option, run_option
from automem.cli.invocation import Invocation
from automem.cli.output import (
    command_line,
    display_option,
    examples,
    json_option,
    print_json,
    say,
    say_next,
    stderr_console,
)

if TYPE_CHECKING:
    from automem.records.result import Evaluation
    from automem.run.layout import RunFolder
    from automem.ui.display import Mode


@click.command(
    "eval",
    epilog=examples(
        "automem eval configs/crafter.toml",
        "automem eval configs/crafter.toml --run first -s 'seeds.search=[42, 43]'",
        "automem eval configs/crafter.toml -s environment.profile=balrog -s agent.name=window",
        "automem eval configs/crafter.toml -s scaffold.from=crafter-full --memory-only",
        "automem eval configs/crafter.toml --display plain --json > evaluation.json",
    ),
)
@config_argument
@override_option
@run_option
@click.option("--memory-only", is_flag=True, help="Play without the scaffold's perceive and guard.")
@click.option(
    "--unsafe-code", is_flag=True, help="Play a scaffold's code also where nothing keeps it in."
)
@display_option
@json_option
@click.pass_obj
def evaluate(
    invocation: Invocation,
    *,
    config: Path,
    overrides: tuple[str, ...],
    name: str | None,
    memory_only: bool,
    unsafe_code: bool,
    mode: Mode | None,
    as_json: bool,
) -> None:
    """Play the episodes of a configuration and print their mean.

    The same command goes on after an interruption, at the step where it stopped: no model call
    is asked twice. An evaluation that is complete is read, not played again.
    """
    from automem.cli.playing import play
    from automem.evaluate import evaluator
    from automem.evaluate.plan import chosen_seeds
    from automem.plugins import load_plugins
    from automem.run.check import check_config
    from automem.run.layout import run_folder
    from automem.run.specialist import with_specialist

    flags = [("memory_only", memory_only), ("unsafe_code", unsafe_code)]
    set_true = [f"evaluation.{key}=true" for key, given in flags if given]
    loaded = with_specialist(named_config(config, (*overrides, *set_true), name))
    plugins = load_plugins()
    check_config(loaded, plugins)
    chosen_seeds(loaded)
    run = run_folder(loaded.run.folder, loaded.run.name)
    invocation.resume = command_line(*invocation.arguments)
    (evaluation,) = play(
        [loaded],
        plugins,
        run,
        invocation,
        mode=mode,
        title=f"{loaded.environment.name}: {loaded.scaffold.source or loaded.agent.name}",
        evaluate=evaluator.evaluate,
    )
    _tell(run, evaluation, as_json=as_json)


def _tell(run: RunFolder, evaluation: Evaluation, *, as_json: bool) -> None:
    from automem.cli.tables import episodes_table, evaluations_table
    from automem.cli.task_tables import tasks_tables

    if as_json:
        print_json(evaluation)
    width = stderr_console().width
    say(episodes_table(evaluation, width=width), evaluations_table([evaluation]))
    say(*tasks_tables([evaluation]))
    first = evaluation.episodes[0]
    episode = f"{evaluation.key[:8]}/{first.task}/{first.seed}"
    say_next(
        run.evaluation(evaluation.key).evaluation,
        ("trace", str(run.path), episode),
        ("runs", "show", str(run.path)),
    )
