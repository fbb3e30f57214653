"""What loop 1 does next: a function of the ledger alone, so that nothing else need be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automem.loops.versions import Version, versions
from automem.records.ledger import Trial
from automem_meta.config import EvolveSection


@dataclass(frozen=True, slots=True)
class Try:
    """The next thing to try."""

    revision: int
    attempt: int
    continuation: int
    number: int
    """Of the tries of this revision, from 1."""
    incumbent: Version
    failed: Trial | None
    """What a continuation goes on from."""

    @property
    def text(self) -> str:
        """Where the loop stands, for a display."""
        goes_on = f", continuation {self.continuation}" if self.continuation else ""
        return f"revision {self.revision}, attempt {self.attempt}{goes_on}"


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing is left to try."""

    why: str
    champion: Version


def next_step(root: Version, trials: Sequence[Trial], section: EvolveSection) -> Try | Stop:
    """The next try, or why there is none.

    The lines of the ledger stand as they are, also where the numbers of attempts were changed
    since: a line of a later revision says that the one before was over.
    """
    champion = versions(root, trials)[-1]
    revision, fruitless = 1, 0
    tried: list[Trial] = []
    for trial in trials:
        if trial.revision > revision:
            revision, fruitless, tried = trial.revision, fruitless + 1, []
        tried.append(trial)
        if trial.verdict == "kept":
            revision, fruitless, tried = revision + 1, 0, []
    following = _following(tried, section)
    if following is None:
        revision, fruitless, tried, following = revision + 1, fruitless + 1, [], (1, 0)
    if fruitless >= section.patience:
        found = "the last revision" if fruitless == 1 else f"{fruitless} revisions in a row"
        return Stop(f"{found} found nothing", champion)
    if revision > section.revisions:
        return Stop(f"revision {section.revisions} was the last", champion)
    attempt, continuation = following
    return Try(
        revision=revision,
        attempt=attempt,
        continuation=continuation,
        number=len(tried) + 1,
        incumbent=champion,
        failed=tried[-1] if continuation else None,
    )


def _following(tried: Sequence[Trial], section: EvolveSection) -> tuple[int, int] | None:
    """Attempt and continuation after these tries of a revision; None where all were made."""
    if not tried:
        return 1, 0
    last = tried[-1]
    if last.verdict != "no_proposal" and last.continuation < section.continuations:
        return last.attempt, last.continuation + 1
    return (last.attempt + 1, 0) if last.attempt < section.attempts else None
