"""`--estimate`: what the loop will come to, from the plan and from what was measured before."""

from __future__ import annotations

from automem.loops.beginning import given_root
from automem.loops.foretelling import (
    NO_REVIEW,
    NOT_ASSUMED,
    NOT_MEASURED,
    assumed_source,
    foretell,
    notes,
)
from automem.loops.loop import Amounts, LoopEstimate
from automem.loops.measured import (
    Measured,
    ReviewMeans,
    mean_review,
    measure,
    most_review,
)
from automem.loops.playing import Player, Side
from automem.loops.versions import versions
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger
from automem_meta.evolve.foretelling import Ahead, at_most, if_nothing_helps
from automem_meta.evolve.opening import Opened


def estimate(opened: Opened, player: Player, source: RunFolder) -> LoopEstimate:
    """Count what is left, and multiply it with what was measured in the run `source`.

    Nothing is written. Raises ScaffoldError, RunError.
    """
    trials = read_ledger(opened.run.ledger, "scaffold")
    measured = measure(source, opened.config)
    root, given = given_root(player)
    champion = versions(root, trials)[-1]
    folder = given if champion == root else player.folder(champion.hash)
    unplayed = len(opened.tasks) * sum(not player.has(Side(folder), seed) for seed in opened.search)
    reviews = [trial.review_cost for trial in trials]
    nothing = if_nothing_helps(opened.gate, opened.section, root, trials)
    most = at_most(opened.needs, opened.section, root, trials)
    return LoopEstimate(
        if_nothing_helps=_amounts(opened, nothing, unplayed, measured, mean_review(reviews)),
        at_most=_amounts(opened, most, unplayed, measured, most_review(opened.section.review)),
        kept=sum(trial.verdict == "kept" for trial in trials),
        may_keep=opened.section.revisions,
        report_episodes=len(opened.report) * len(opened.tasks) * (opened.section.revisions + 1),
        measured_episodes=measured.episodes if measured else 0,
        measured_in=str(source.path) if measured else "",
        assumed=assumed_source(opened, measured) if most.tries else "",
        notes=tuple(notes(opened, measured, reviews)) if most.tries else (),
        unmeasured=(NOT_MEASURED, NOT_ASSUMED, NO_REVIEW),
    )


def _amounts(
    opened: Opened, ahead: Ahead, unplayed: int, measured: Measured | None, review: ReviewMeans
) -> Amounts:
    return foretell(
        opened,
        tries=ahead.tries,
        reviews=ahead.tries,
        episodes=unplayed + ahead.seeds * len(opened.tasks),
        measured=measured,
        review=review,
    )
