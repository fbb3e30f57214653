"""`automem demo`: a first result in minutes, without GPU or key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automem.cli.demo_players import (
    DEFAULT_PLAYER,
    PLAYERS,
    RULES,
    TINY,
    default_player,
    demo_configs,
    pipeline_config,
    require_interpreter,
    require_player,
)
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
    from automem.plugins import Plugins
    from automem.records.config import RunConfig
    from automem.records.result import Evaluation
    from automem.run.layout import RunFolder
    from automem.ui.display import Mode


@click.command(
    epilog=examples(
        "automem demo",
        "automem demo --player rules",
        "automem demo --seeds 42-44 --steps 300",
        "automem demo --pipeline",
        "automem trace runs/demo crafter-tiny-map/42 --step 100",
    )
)
@click.option(
    "--player",
    type=click.Choice(list(PLAYERS)),
    help=f"Who plays, as is said above.  [default: {DEFAULT_PLAYER}]",
)
@click.option(
    "--pipeline",
    "whole",
    is_flag=True,
    help="Play the whole pipeline with the small model instead, in short.",
)
@click.option("--seeds", help="The worlds that are played.  [default: 42-46]")
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    help="Most steps an episode.  [default: 1000; with --pipeline: 150]",
)
@click.option(
    "--run",
    "name",
    help="The run's name.  [default: demo for tiny, demo-rules for rules, else demo-pipeline]",
)
@folder_option
@display_option
@json_option
@click.pass_obj
def demo(
    invocation: Invocation,
    *,
    player: str | None,
    whole: bool,
    seeds: str | None,
    steps: int | None,
    name: str | None,
    folder: Path,
    mode: Mode | None,
    as_json: bool,
) -> None:
    """Watch an agent with memory files play real Crafter, twice.

    The same player, on the same worlds, keeps its memory in two ways: first in files that are
    appended to (the scaffold crafter-tiny-v0 or crafter-v0), then with a keyed map
    (crafter-tiny-map or crafter-map). An interrupted demo goes on with the same command. It needs
    no GPU, no key and no network.

    The player `tiny` is a language model of 1.4 million parameters that comes with the package
    automem-tiny. It was cloned from rules and plays worse than they do. The player `rules` is no
    language model: it answers from the text of the conversation alone, and so needs its memory
    files as a model does. Where nobody is named and automem-tiny is not installed, rules play.
    Neither says anything about large models, or about the results of the AutoMem paper.

    With --pipeline the small model plays a short form of configs/offline.toml: v0, a review by
    rules, LoRA training on its own good turns, and the table and page of `automem pipeline`, in
    some minutes on two cores. It needs the interpreter that `automem setup peft` makes, with
    about 1 GB of downloads.
    """
    from automem.plugins import load_plugins

    plugins = load_plugins()
    if whole:
        if player == RULES:
            raise click.UsageError("rules have no weights to train; leave --player out")
        if seeds is not None:
            raise click.UsageError(
                "the pipeline has lists of seeds for each of its parts; leave --seeds out, or "
                "play configs/offline.toml with other lists by `automem pipeline`"
            )
        config = pipeline_config(steps, name, folder)
        _play_pipeline(invocation, config, plugins, mode=mode, as_json=as_json)
        return
    chosen = player or default_player(plugins)
    worlds = "42-46" if seeds is None else seeds
    configs = demo_configs(chosen, worlds, steps, name, folder)
    _play_twice(invocation, chosen, configs, plugins, mode=mode, as_json=as_json)


def _play_twice(
    invocation: Invocation,
    player: str,
    configs: list[RunConfig],
    plugins: Plugins,
    *,
    mode: Mode | None,
    as_json: bool,
) -> None:
    from automem.cli.playing import play
    from automem.evaluate import evaluator
    from automem.run.check import check_config
    from automem.run.layout import run_folder

    require_player(player, plugins)
    check_config(configs[0], plugins)
    run = run_folder(configs[0].run.folder, configs[0].run.name)
    invocation.resume = command_line(*invocation.arguments)
    known = PLAYERS[player]
    say(
        f"Crafter, played by {known.says}: {' against '.join(known.scaffolds)}, seeds "
        f"{configs[0].seeds.search}. Every step is recorded."
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
    _tell(run, first, second, known.meaning, as_json=as_json)


def _play_pipeline(
    invocation: Invocation,
    config: RunConfig,
    plugins: Plugins,
    *,
    mode: Mode | None,
    as_json: bool,
) -> None:
    from automem.cli.pipeline import carry_out
    from automem.loops.foreseeing import foresee
    from automem.loops.pipeline import open_pipeline

    require_player(TINY, plugins)
    require_interpreter(plugins, command_line(*invocation.arguments))
    opened = open_pipeline(config, plugins)
    say(
        f"The whole pipeline in short, played by {PLAYERS[TINY].says}. Interrupted, it goes on "
        "with the same command."
    )
    expected = foresee(opened, opened.run)
    carry_out(opened, expected, invocation, mode=mode, as_json=as_json)
    say(
        "That was all of the machinery: play, reviews by rules, LoRA training, gates, the table. "
        + PLAYERS[TINY].meaning
    )


def _tell(
    run: RunFolder, first: Evaluation, second: Evaluation, meaning: str, *, as_json: bool
) -> None:
    from automem.cli.comparison import compare_evaluations
    from automem.cli.tables import evaluations_tables, pairs_table, verdict

    comparison = compare_evaluations(first, second)
    if as_json:
        print_json({"evaluations": [first, second], "comparison": comparison})
    say(pairs_table(first, second))
    say(*evaluations_tables([first, second], width=stderr_console().width))
    say(verdict(first, second, comparison.paired), meaning)
    episode = f"{second.name}/{second.seeds[0]}"
    step = str(min(100, second.episodes[0].totals.steps))
    say_next(
        run.path,
        ("trace", str(run.path), episode, "--step", step),
        ("trace", str(run.path), episode, "--step", step, "--memory"),
        ("replay", str(run.path), episode),
    )


def expected_episodes(config: RunConfig) -> Progress:
    """The episodes that will be played, so that the time left covers both scaffolds."""
    from automem.evaluate.progress import EpisodeProgress, Progress
    from automem.run.seeds import parse_seeds

    steps = config.environment.max_steps or 0
    progress = Progress(title=config.scaffold.source)
    for seed in parse_seeds(config.seeds.search):
        progress.episodes["default", seed] = EpisodeProgress("default", seed, max_steps=steps)
    return progress
