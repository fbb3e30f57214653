"""A line of the ledger on its way to a verdict, and the seeds that are fresh for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from automem.errors import AutoMemError
from automem.loops.judging import Judgment
from automem.loops.playing import Player, Side
from automem.records.ledger import Trial, TrialVerdict
from automem.records.review import ReviewOutcome
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger

_REASONS: Final[Mapping[str, str]] = {
    "limit": "the review reached its limit",
    "gave_up": "the meta-LLM gave up",
    "refused": "the meta-LLM refused",
}


def ended(trial: Trial, verdict: TrialVerdict, why: str) -> Trial:
    """The trial with its verdict, reached now."""
    return msgspec.structs.replace(trial, verdict=verdict, why=why, at=now())


def now() -> str:
    """As the ledger writes a time."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def no_proposal(outcome: ReviewOutcome) -> str:
    """Why a review that is not finished proposes nothing."""
    return f"{_REASONS.get(outcome.reason, outcome.reason)}: {outcome.text}".rstrip(": ")


def with_judgment(run: RunFolder, trial: Trial, judgment: Judgment) -> Trial:
    """The trial with what the gate said: refused or dropped, unless it is to be kept."""
    trial = msgspec.structs.replace(
        trial,
        stages=tuple(judgment.stages),
        fresh=judgment.fresh,
        evaluations=judgment.evaluations,
        play_cost=judgment.cost,
    )
    if judgment.failure is not None:
        return ended(trial, "refused", shortened(run, judgment.failure))
    return trial if judgment.kept else ended(trial, "dropped", judgment.why)


async def on_other_seeds(
    player: Player, trial: Trial, side: Side, search: Sequence[int], title: str
) -> Trial:
    """The trial of what is kept, played on the search seeds too that its gate did not ask for.

    Raises what playing raises.
    """
    judged = {pair.seed for pair in trial.pairs}
    rest = tuple([seed for seed in search if seed not in judged])
    if not rest:
        return trial
    further = await player.play(side, rest, f"{title}: kept, now on the other search seeds")
    return msgspec.structs.replace(
        trial,
        evaluations=tuple(dict.fromkeys((*trial.evaluations, *further.evaluations))),
        play_cost=trial.play_cost + further.cost,
    )


def shortened(run: RunFolder, error: AutoMemError) -> str:
    """The error with paths as they are in the run, so that the ledger says the same anywhere."""
    return str(error).replace(f"{run.path}/", "")


def unused(run: RunFolder, fresh: Sequence[int]) -> tuple[int, ...]:
    """Those of the fresh seeds that no candidate was played on, whichever loop tried it.

    A specialist is judged against a scaffold that earlier seeds spoke for, and a scaffold takes
    the place of one: what either was judged on is no longer fresh for the other.
    """
    used = {seed for trial in read_ledger(run.ledger) for seed in trial.fresh_seeds}
    return tuple([seed for seed in fresh if seed not in used])
