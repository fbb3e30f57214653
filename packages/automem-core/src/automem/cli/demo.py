"""`automem demo`: a first result in minutes, without GPU or key."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from automem.cli.invocation import Invocation
from automem.cli.output import (
    command_line,
    display_option,
    examples,
    folder_option,
    json_option,
    print_json,
    say,
    say_next,
    stderr_console,
)

if TYPE_CHECKING:
    from automem.evaluate.progress import Progress
    from automem.records.config import RunConfig
    from automem.records.result import Evaluation
    from automem.run.layout import RunFolder
    from automem.ui.display import Mode

SCAFFOLDS = ("crafter-v0", "crafter-map")


@click.command(
    epilog=examples(
        "automem demo",
        "automem demo --seeds 42-44 --steps 300",
        "automem trace runs/demo crafter-map/42 --step 100",
    )
)
@click.option("--seeds", default="42-46", show_default=True, help="The worlds that are played.")
@click.option("--steps", type=click.IntRange(min=1), help="Most steps an episode.  [default: 1000]")
@click.option("--run", "name", default="demo", show_default=True, help="The run's name.")
@folder_option
@display_option
@json_option
@click.pass_obj
def demo(
    invocation: Invocation,
    *,
    seeds: str,
    steps: int | None,
    name: str,
    folder: Path,
    mode: Mode | None,
    as_json: bool,
) -> None:
    """Watch an agent with memory files play real Crafter, twice.

    The same player, on the same worlds, keeps its memory first by the scaffold crafter-v0 (files
    that only grow), then by crafter-map (a keyed map). The player is `rules`, not a language
    model: it answers from the text of the conversation alone, and so needs its memory files as a
    model does. An interrupted demo goes on with the same command.
    """
    from automem.cli.playing import play
    from automem.evaluate import evaluator
    from automem.plugins import load_plugins
    from automem.run.check import check_config
    from automem.run.layout import run_folder

    configs = demo_configs(seeds, steps, name, folder)
    plugins = load_plugins()
    check_config(configs[0], plugins)
    run = run_folder(folder, name)
    invocation.resume = command_line(*invocation.arguments)
    say(
        "Crafter by rules (no model is asked), "
        f"{' against '.join(SCAFFOLDS)}, seeds {seeds}. Every step is recorded."
    )
    first, second = play(
        configs,
        plugins,
        run,
        invocation,
        mode=mode,
        title="automem demo",
        evaluate=evaluator.evaluate,
        expected=expected_episodes,
    )
    _tell(run, first, second, as_json=as_json)


def _tell(run: RunFolder, first: Evaluation, second: Evaluation, *, as_json: bool) -> None:
    from automem.cli.comparison import compare_evaluations
    from automem.cli.tables import evaluations_tables, pairs_table, verdict

    comparison = compare_evaluations(first, second)
    if as_json:
        print_json({"evaluations": [first, second], "comparison": comparison})
    say(pairs_table(first, second))
    say(*evaluations_tables([first, second], width=stderr_console().width))
    say(verdict(first, second, comparison.paired))
    episode = f"{second.name}/{second.seeds[0]}"
    step = str(min(100, second.episodes[0].totals.steps))
    say_next(
        run.path,
        ("trace", str(run.path), episode, "--step", step),
        ("trace", str(run.path), episode, "--step", step, "--memory"),
        ("replay", str(run.path), episode),
    )


def demo_configs(seeds: str, steps: int | None, name: str, folder: Path) -> list[RunConfig]:
    """The configuration of the demo, once for each scaffold."""
    import msgspec

    from automem.records.config import RunSection, ScaffoldSection, SeedsSection
    from automem.run.config import parse_config
    from automem.run.seeds import check_disjoint

    text = importlib.resources.files("automem.cli").joinpath("demo.toml").read_text("utf-8")
    config = parse_config(text, source="demo.toml")
    environment = config.environment
    if steps is not None:
        environment = msgspec.structs.replace(environment, max_steps=steps)
    chosen = SeedsSection(search=seeds)
    check_disjoint(chosen)
    return [
        msgspec.structs.replace(
            config,
            run=RunSection(name=name, folder=str(folder)),
            environment=environment,
            scaffold=ScaffoldSection(source=scaffold),
            seeds=chosen,
        )
        for scaffold in SCAFFOLDS
    ]


def expected_episodes(config: RunConfig) -> Progress:
    """The episodes that will be played, so that the time left covers both scaffolds."""
    from automem.evaluate.progress import EpisodeProgress, Progress
    from automem.run.seeds import parse_seeds

    steps = config.environment.max_steps or 0
    progress = Progress(title=config.scaffold.source)
    for seed in parse_seeds(config.seeds.search):
        progress.episodes["default", seed] = EpisodeProgress("default", seed, max_steps=steps)
    return progress
