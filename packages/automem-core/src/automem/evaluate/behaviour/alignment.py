"""Which lines of a stretch live on when another stretch takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple


class Hunk(NamedTuple):
    """Old lines that gave way to new ones; either may be none. Ends are exclusive."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def hunks(old: Sequence[str], new: Sequence[str]) -> list[Hunk]:
    """Where the two differ, in order; all other lines are the same lines as before.

    A trace tells of a change as one replaced stretch, which for a rewritten or a trimmed file is
    most of it, though most of its lines stay.
    """
    if not old or not new or (len(old) == len(new) == 1 and old[0] != new[0]):
        return [Hunk(0, len(old), 0, len(new))]
    trimmed = _trimmed(old, new)
    if trimmed is not None:
        kept = len(old) - trimmed
        cut = [Hunk(0, trimmed, 0, 0)] if trimmed else []
        return [*cut, Hunk(len(old), len(old), kept, len(new))]
    # Lines that stand everywhere (blank ones, rules) are no anchors: difflib's own limit keeps
    # the time low whatever is written.
    found = SequenceMatcher(None, old, new).get_opcodes()
    return [Hunk(*places) for tag, *places in found if tag != "equal"]


def _trimmed(old: Sequence[str], new: Sequence[str]) -> int | None:
    """How many lines were cut off the top of `old` if the rest begins `new`; None if it does not.

    Files with a limit are trimmed at each append, so this has to be quick.
    """
    start = max(0, len(old) - len(new))
    for place in range(start, len(old)):
        if old[place] == new[0] and list(old[place:]) == list(new[: len(old) - place]):
            return place
    return None
