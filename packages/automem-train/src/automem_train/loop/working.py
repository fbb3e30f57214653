"""One command's work on a run: held against others, logged, shown, and summed up at the end."""

from __future__ import annotations

from functools import partial

from automem.cli.invocation import Invocation
from automem.cli.playing import work_on
from automem.loops import beginning
from automem.loops.contestants import contestants
from automem.loops.final import FinalRow, play_final
from automem.loops.loop import LoopEstimate
from automem.loops.playing import Player
from automem.loops.purse import Purse
from automem.loops.watching import Watching
from automem.models.lone import LoneRouter, lone_router
from automem.records._struct import Record
from automem.records.config import PipelineSection
from automem.records.ledger import Trial
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger
from automem.ui.display import Mode
from automem_train.loop.estimate import estimate
from automem_train.loop.loop import Loop
from automem_train.loop.opening import Opened

_TABLE = PipelineSection(baselines=False, memory_only=False)
"""What `--report` plays: scaffolds and specialists."""


class Done(Record):
    """What `automem train --json` prints."""

    run: str
    why: str
    """Why nothing is left to try."""
    scaffold: str
    scaffold_hash: str
    """With which everything was played."""
    specialist: str
    """The best one; empty where none was kept."""
    adapter: str
    """Key of its adapter."""
    trials: tuple[Trial, ...]
    """Every recipe of the run, also for earlier scaffolds."""
    report: tuple[FinalRow, ...] = ()
    tokens: int
    """Of all reviews and episodes of the run."""
    cost: float
    """US dollars, as far as they are known."""
    training_seconds: float
    """Wall time of all trainings."""


def check_beginning(opened: Opened) -> None:
    """Refuse a run that began otherwise, before its configuration and status are written over.

    Raises ConfigError, ScaffoldError.
    """
    player = player_of(opened, Purse(opened.run, opened.config.limits))
    beginning.check_beginning(player, opened.loop.search)


def estimate_of(opened: Opened, source: RunFolder) -> LoopEstimate:
    """What is left to be done. Raises ScaffoldError, RunError."""
    return estimate(opened, player_of(opened, Purse(opened.run, opened.config.limits)), source)


def player_of(opened: Opened, purse: Purse) -> Player:
    """What plays the run, one model or two; nothing is shown."""
    return Player(opened.loop.config, opened.plugins, opened.run, purse)


def loop_of(opened: Opened, purse: Purse, watching: Watching, models: LoneRouter) -> Loop:
    """The loop, shown while it works."""
    player = player_of(opened, purse)
    player.show, player.models = watching.evaluation, models.open
    return Loop(
        opened=opened,
        player=player,
        release=models.close,
        show_review=watching.review,
        show_training=watching.training,
    )


def work(opened: Opened, invocation: Invocation, *, with_report: bool, mode: Mode | None) -> Done:
    """Hold the run and work the loop through. Raises what the loop raises."""
    body = partial(do, opened, with_report=with_report)
    return work_on(opened.config, opened.run, invocation, body, mode=mode)


async def do(opened: Opened, watching: Watching, *, with_report: bool = False) -> Done:
    """The work itself, in a run that is held already; engines are ended when it is done."""
    purse = Purse(opened.run, opened.config.limits)
    async with lone_router() as models:
        loop = loop_of(opened, purse, watching, models)
        root = loop.root()
        stop = await loop.run()
        trials = read_ledger(opened.run.ledger)
        rows: tuple[FinalRow, ...] = ()
        if with_report:
            folder_of = loop.player.folder
            table = contestants(root, trials, opened.run, folder_of, _TABLE)
            rows = await play_final(loop.player, table, opened.loop.report)
    spent = purse.spent()
    champion = stop.champion
    recipes = tuple([trial for trial in trials if trial.kind == "recipe"])
    return Done(
        run=str(opened.run.path),
        why=stop.why,
        scaffold=stop.scaffold.name,
        scaffold_hash=stop.scaffold.hash,
        specialist=champion.candidate_name if champion else "",
        adapter=champion.candidate if champion else "",
        trials=recipes,
        report=rows,
        tokens=spent.tokens,
        cost=spent.cost,
        training_seconds=sum(t.trained.seconds for t in recipes if t.trained is not None),
    )
