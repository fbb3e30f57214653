"""One command's work on a run: held against others, logged, shown, and summed up at the end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from automem.cli.invocation import Invocation
from automem.cli.playing import work_on
from automem.files import write_json
from automem.loops import beginning
from automem.loops.final import FinalRow, play_report
from automem.loops.loop import LoopEstimate
from automem.loops.playing import Player
from automem.loops.purse import Purse
from automem.loops.repeats import gate_against_itself
from automem.loops.versions import versions
from automem.loops.watching import Watching
from automem.models.lone import OpenRouter, lone_router
from automem.records._struct import Record
from automem.records.ledger import Trial
from automem.records.repeats import FalseAccepts
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger
from automem.run.seeds import parse_seeds
from automem.ui.display import Mode
from automem_meta.evolve.estimate import estimate
from automem_meta.evolve.loop import Loop
from automem_meta.evolve.opening import Opened


@dataclass(frozen=True, slots=True)
class Task:
    """What the command was asked for."""

    aa: int | None = None
    with_report: bool = False


class Done(Record):
    """What `automem evolve --json` prints."""

    run: str
    loop_ended: bool
    """Whether nothing is left to try."""
    why: str
    """Why nothing is."""
    champion: str
    champion_hash: str
    trials: tuple[Trial, ...]
    report: tuple[FinalRow, ...] = ()
    against_itself: FalseAccepts | None = None
    tokens: int
    """Of all reviews and episodes of the run."""
    cost: float
    """US dollars, as far as they are known."""


def check_beginning(opened: Opened) -> None:
    """Refuse a run that began otherwise, before its configuration and status are written over.

    Raises ConfigError, ScaffoldError.
    """
    player = Player(opened.config, opened.plugins, opened.run, _purse(opened))
    beginning.check_beginning(player, opened.search)


def estimate_of(opened: Opened, source: RunFolder) -> LoopEstimate:
    """What is left to be done. Raises ScaffoldError, RunError."""
    player = Player(opened.config, opened.plugins, opened.run, _purse(opened))
    return estimate(opened, player, source)


def work(opened: Opened, task: Task, invocation: Invocation, *, mode: Mode | None) -> Done:
    """Hold the run and do what was asked. Raises what the loop raises."""
    return work_on(opened.config, opened.run, invocation, partial(do, opened, task), mode=mode)


def loop_of(opened: Opened, purse: Purse, watching: Watching, models: OpenRouter) -> Loop:
    """The loop, shown while it works."""
    return Loop(
        section=opened.section,
        gate=opened.gate,
        player=Player(
            opened.config, opened.plugins, opened.run, purse, watching.evaluation, models
        ),
        search=opened.search,
        fresh=opened.fresh,
        report=opened.report,
        show_review=watching.review,
    )


async def do(opened: Opened, task: Task, watching: Watching) -> Done:
    """The work itself, in a run that is held already; engines stay until it is done."""
    async with lone_router() as models:
        return await _do(opened, task, watching, models.open)


async def _do(opened: Opened, task: Task, watching: Watching, models: OpenRouter) -> Done:
    purse = _purse(opened)
    loop = loop_of(opened, purse, watching, models)
    player = loop.player
    root = loop.root()
    ended, why, rows, against_itself = False, "", (), None
    if task.aa is not None:
        champion = versions(root, read_ledger(opened.run.ledger, "scaffold"))[-1]
        against_itself = await gate_against_itself(
            opened.gate,
            opened.section.gate,
            player,
            champion,
            parse_seeds(opened.section.aa),
            task.aa,
        )
        write_json(opened.run.against_itself, against_itself)
    else:
        stop = await loop.run()
        ended, why = True, stop.why
        if task.with_report:
            known = versions(root, read_ledger(opened.run.ledger, "scaffold"))
            rows = await play_report(
                player, known, opened.report, memory_only=opened.section.memory_only
            )
    trials = read_ledger(opened.run.ledger, "scaffold")
    champion = versions(root, trials)[-1]
    spent = purse.spent()
    return Done(
        run=str(opened.run.path),
        loop_ended=ended,
        why=why,
        champion=champion.name,
        champion_hash=champion.hash,
        trials=trials,
        report=rows,
        against_itself=against_itself,
        tokens=spent.tokens,
        cost=spent.cost,
    )


def _purse(opened: Opened) -> Purse:
    return Purse(opened.run, opened.config.limits)
