"""Which known name somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST = 200
"""Characters of what may be a name; comparing longer ones takes the square of their length."""
ALIKE = 0.6
"""How alike two names must be, 0 to 1, for one to be offered in place of the other."""


def closest(name: str, known: Iterable[str], *, alike: float = ALIKE) -> str | None:
    """The nearest known name; None where none is near."""
    if len(name) > LONGEST:
        return None
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=alike)
    return near[0] if near else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the nearest known name, or nothing where none is near."""
    near = closest(name, known)
    return f"; did you mean '{near}'?" if near else ""
