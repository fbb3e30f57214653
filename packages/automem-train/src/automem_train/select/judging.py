"""Goes through all turns once: who may be chosen with which score, who is named, who is refused."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from automem.errors import CodeFault, DataError
from automem.spelling import did_you_mean
from automem_train.select.choosing import Candidate
from automem_train.select.reject import Reject, RejectReason
from automem_train.select.scoring import Scorer
from automem_train.select.selection import Chooser, Selection
from automem_train.turns.record import Turn
from automem_train.turns.source import Source

Refuse = Callable[[Reject], None]
_NEAR = 1000


@dataclass(slots=True)
class Judge:
    """What one pass over the turns came to."""

    chooser: Chooser
    episodes: frozenset[str]
    """Names of the episodes whose turns may be chosen by score."""
    kept: frozenset[int]
    """Seeds that are kept for the report: nothing is learned from them."""
    turns: int = 0
    candidates: list[Candidate] = field(default_factory=list[Candidate])
    named: list[tuple[Candidate, str]] = field(default_factory=list[tuple[Candidate, str]])
    """Turns chosen by their ids, with the reason given."""
    shapes: dict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))
    """Shape -> how many turns there are of it."""

    async def go(self, turns: Iterable[Turn], scorer: Scorer | None, refuse: Refuse) -> None:
        """Judge every turn; what is refused is told at once.

        Raises DataError for ids that are not there or may not be learned from.
        """
        selection = self.chooser.selection
        include = {one.id: one.reason for one in selection.include}
        exclude = {one.id: one.reason for one in selection.exclude}
        near: list[str] = []
        missing = {*include, *exclude}
        for turn in turns:
            self.turns += 1
            self.shapes[turn.shape] += 1
            if missing and len(near) < _NEAR:
                near.append(turn.id)
            missing.discard(turn.id)
            if turn.id in include:
                self._name(turn, include[turn.id])
            elif turn.id in exclude:
                refuse(_reject(turn, "excluded", exclude[turn.id]))
            elif (reason := self._barred(turn, selection)) is not None:
                refuse(_reject(turn, *reason))
            else:
                await self._score(turn, scorer, refuse)
        if missing:
            wrong = min(missing)
            raise DataError(
                f"selection.toml names the turn {wrong!r}{did_you_mean(wrong, near)}, "
                "which is not in the table; automem data turns lists what is"
            )
        if scorer is not None:
            await scorer.check()

    def _barred(self, turn: Turn, selection: Selection) -> tuple[RejectReason, str] | None:
        if turn.position == "handoff":
            return "handoff", "asked of the gameplay role"
        if turn.seed in self.kept:
            return "report_seed", "the seed is kept for the report"
        if turn.phase not in selection.phases:
            return "phase", turn.phase
        if turn.episode not in self.episodes:
            return "episode", "not among the episodes of the selection"
        return None

    def _name(self, turn: Turn, reason: str) -> None:
        if turn.position == "handoff":
            raise DataError(f"{turn.id} was asked of the gameplay role; the memory role never is")
        if turn.seed in self.kept:
            raise DataError(
                f"{turn.id} is of seed {turn.seed}, which is kept for the report; nothing may be "
                "learned from it"
            )
        self.named.append((_candidate(turn, math.inf), reason))

    async def _score(self, turn: Turn, scorer: Scorer | None, refuse: Refuse) -> None:
        if scorer is None:
            refuse(_reject(turn, "not_named", "there is no score.py"))
            return
        try:
            score = await scorer.score(turn)
        except CodeFault as fault:
            refuse(_reject(turn, "score_failed", str(fault)))
            return
        if score is None:
            refuse(_reject(turn, "no_score", ""))
        elif score < self.chooser.selection.threshold:
            refuse(_reject(turn, "below_threshold", "", score))
        else:
            self.candidates.append(_candidate(turn, score))


def episodes_of(chooser: Chooser, sources: Collection[Source]) -> frozenset[str]:
    """The episodes that `[episodes]` allows: the best share of each evaluation and task."""
    choice, seeds = chooser.selection.episodes, chooser.seeds
    groups: dict[tuple[str, str], list[Source]] = defaultdict(list)
    for source in sources:
        groups[source.evaluation, source.task].append(source)
    names: set[str] = set()
    for (_, task), group in groups.items():
        if choice.tasks and task not in choice.tasks:
            continue
        finals = sorted([source.result.progression for source in group], reverse=True)
        least = finals[math.ceil(choice.best * len(finals) - 1e-9) - 1]
        names |= {
            source.name
            for source in group
            if source.result.progression >= least and (not seeds or source.seed in seeds)
        }
    return frozenset(names)


def _candidate(turn: Turn, score: float) -> Candidate:
    return Candidate(score, turn.id, turn.shape, turn.stratum, turn.episode)


def rejected(one: Candidate, reason: RejectReason, detail: str) -> Reject:
    """The same of a candidate."""
    return Reject(
        id=one.id,
        reason=reason,
        detail=detail,
        score=one.score if math.isfinite(one.score) else None,
        shape=one.shape,
        stratum=one.stratum,
    )


def _reject(turn: Turn, reason: RejectReason, detail: str, score: float | None = None) -> Reject:
    return Reject(
        id=turn.id,
        reason=reason,
        detail=detail,
        score=score,
        shape=turn.shape,
        stratum=turn.stratum,
    )
