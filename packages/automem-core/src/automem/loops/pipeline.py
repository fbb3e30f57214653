"""The reference pipeline: loop after loop, then everything once on the report seeds, one table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from automem.agent.making import plays_by_scaffold
from automem.errors import ConfigError, PluginError, RunError
from automem.files import write_json
from automem.loops.beginning import given_root
from automem.loops.contestants import Contestant, contestants
from automem.loops.final import FinalRow, play_final
from automem.loops.loop import Loop, LoopDone
from automem.loops.playing import Player
from automem.loops.purse import Purse
from automem.loops.watching import Watching
from automem.models.lone import lone_router
from automem.plugins import Plugins
from automem.records._struct import Record
from automem.records.config import RunConfig
from automem.run.check import check_config
from automem.run.layout import RunFolder, run_folder
from automem.run.ledger import read_ledger
from automem.run.seeds import parse_seeds

LOOPS = ("evolve", "train")
"""In the order of the pipeline: a specialist is trained for the best scaffold."""


class FinalTable(Record):
    """`pipeline.json`: what the whole came to."""

    run: str
    environment: str
    profile: str
    tasks: tuple[str, ...]
    seeds: tuple[int, ...]
    """The report seeds; each version was played on each of them once."""
    rows: tuple[FinalRow, ...]
    loops: tuple[LoopDone, ...]
    tokens: int
    """Of all reviews and episodes of the run."""
    cost: float
    """US dollars, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A configuration that was checked, with its loops opened."""

    config: RunConfig
    plugins: Plugins
    run: RunFolder
    loops: tuple[Loop, ...]
    seeds: tuple[int, ...]
    """The report seeds."""
    tasks: tuple[str, ...]

    def check(self) -> None:
        """Refuse what a loop cannot go on with, before anything is written."""
        for loop in self.loops:
            loop.check()

    def player(self, purse: Purse | None = None) -> Player:
        """Plays the run's versions; nothing is shown."""
        return Player(
            self.config, self.plugins, self.run, purse or Purse(self.run, self.config.limits)
        )

    def contestants(self) -> list[Contestant]:
        """Who is in the table as the ledger is now. Nothing is written. Raises RunError."""
        player = self.player()
        root, given = given_root(player)

        def folder_of(digest: str) -> Path:
            return given if digest == root.hash else player.folder(digest)

        trials = read_ledger(self.run.ledger)
        return contestants(root, trials, self.run, folder_of, self.config.pipeline)


def open_pipeline(config: RunConfig, plugins: Plugins) -> Pipeline:
    """Check a configuration for everything that it asks for, before anything is played.

    Raises ConfigError with the path of the key.
    """
    check_config(config, plugins)
    if not plays_by_scaffold(config.agent):
        raise ConfigError(
            f"[agent] name: {config.agent.name!r} plays without a scaffold, so no loop can improve "
            'it; set name = "logplan" (the baselines are played anyway)'
        )
    if not any(getattr(config, name) for name in LOOPS):
        raise ConfigError(
            "there is neither [evolve] nor [train], so there is nothing to improve; add one, or "
            "play the configuration as it is with `automem eval`"
        )
    seeds = parse_seeds(config.seeds.report)
    if not seeds:
        raise ConfigError(
            '[seeds] report is empty; name seeds for the final table, such as report = "10 from '
            '5000"'
        )
    for name, role in config.roles.items():
        if role.adapter is not None:
            raise ConfigError(
                f"[roles.{name}] adapter: the pipeline begins without a specialist, and trains "
                "its own; remove the key"
            )
    spec = plugins.get("environment", config.environment.name)
    return Pipeline(
        config=config,
        plugins=plugins,
        run=run_folder(config.run.folder, config.run.name),
        loops=open_loops(config, plugins),
        seeds=seeds,
        tasks=config.environment.tasks or spec.tasks,
    )


def open_loops(config: RunConfig, plugins: Plugins) -> tuple[Loop, ...]:
    """The loops whose sections are there, in order. Raises ConfigError with the path of the key."""
    return tuple([_open(name, config, plugins) for name in LOOPS if getattr(config, name)])


def _open(name: str, config: RunConfig, plugins: Plugins) -> Loop:
    try:
        spec = plugins.get("loop", name)
    except PluginError as error:
        raise ConfigError(f"[{name}]: {error}") from error
    loop: Loop = plugins.load(spec)(config, plugins)
    return loop


async def work(pipeline: Pipeline, watching: Watching) -> FinalTable:
    """Go on wherever it is: in a loop, or in the final table. All of it is in the run's folder.

    No report seed is played before every loop has ended. Raises what the loops and playing raise.
    """
    purse = Purse(pipeline.run, pipeline.config.limits)
    stages = len(pipeline.loops) + 1
    ended: list[LoopDone] = []
    for number, loop in enumerate(pipeline.loops, start=1):
        watching.say(f"stage {number} of {stages}: {loop.name}")
        ended.append(await loop.work(watching, purse))
        best = f"; the best is {ended[-1].champion}" if ended[-1].champion else ", and kept nothing"
        watching.say(f"{loop.name}: {ended[-1].why}{best}")
    watching.say(f"stage {stages} of {stages}: report seeds")
    player = pipeline.player(purse)
    player.show = watching.evaluation
    # The run's own copy, as every later version has one.
    player.keep(pipeline.config.scaffold.source)
    async with lone_router() as models:
        player.models = models.open
        rows = await play_final(player, pipeline.contestants(), pipeline.seeds)
    spent = purse.spent()
    plan = player.plan(pipeline.contestants()[0].side, pipeline.seeds)
    table = FinalTable(
        run=pipeline.run.name,
        environment=plan.environment,
        profile=str(plan.options.get("profile", "")),
        tasks=plan.tasks,
        seeds=pipeline.seeds,
        rows=rows,
        loops=tuple(ended),
        tokens=spent.tokens,
        cost=spent.cost,
    )
    if read_table(pipeline.run) != table:
        write_json(pipeline.run.pipeline, table)
    return table


def read_table(run: RunFolder) -> FinalTable | None:
    """The final table of a run; None where there is none yet. Raises RunError for a damaged one."""
    try:
        return msgspec.json.decode(run.pipeline.read_bytes(), type=FinalTable)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise RunError(
            f"{run.pipeline} cannot be read: {error}; remove it, and `automem pipeline` writes it "
            "again from what was played"
        ) from error


def page_is_current(run: RunFolder) -> bool:
    """Whether the page was written after the table."""
    if not (run.report.exists() and run.pipeline.exists()):
        return False
    return run.report.stat().st_mtime_ns >= run.pipeline.stat().st_mtime_ns
