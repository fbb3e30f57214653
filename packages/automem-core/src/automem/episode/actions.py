"""From what was said to what is executed: spelling, acceptance, the default action."""

from __future__ import annotations

from collections.abc import Iterator

from automem.records._struct import Record
from automem.records.environment import EnvironmentInfo
from automem.records.scaffold import ActionRule


class Resolved(Record):
    """The action that is played for what was said."""

    executed: str
    valid: bool
    """False where the default action took the place of what was said."""


def resolve(said: str | None, info: EnvironmentInfo, rule: ActionRule) -> Resolved:
    """Find the accepted action meant by `said`.

    Exact, case-sensitive membership first, as the benchmark has it. A tolerant environment also
    accepts the scaffold's own spellings, other case and other white space. Nothing said plays the
    scaffold's fallback, which counts as valid: the agent chose silence, not nonsense.
    """
    if said is None:
        fallback = rule.fallback or info.default_action
        return Resolved(executed=fallback, valid=_accepted(fallback, info))
    if _accepted(said, info):
        return Resolved(executed=said, valid=True)
    if info.matching == "tolerant":
        folded = _folded(said)
        for spelling, action in _spellings(info, rule):
            if _folded(spelling) == folded and _accepted(action, info):
                return Resolved(executed=action, valid=True)
    return Resolved(executed=info.default_action, valid=False)


def invalid_prefix(action: str) -> str:
    """What stands before the next observation after an invalid action; the benchmark's wording."""
    return (
        "\n\nYour previous output did not contain a valid action. "
        f"Defaulted to action: {action}\n\nObservation:\n"
    )


def _spellings(info: EnvironmentInfo, rule: ActionRule) -> Iterator[tuple[str, str]]:
    yield from rule.spelling.items()
    for action in info.actions:
        yield action, action


def _accepted(action: str, info: EnvironmentInfo) -> bool:
    return not info.actions or action in info.actions


def _folded(action: str) -> str:
    return "".join(action.split()).casefold()
