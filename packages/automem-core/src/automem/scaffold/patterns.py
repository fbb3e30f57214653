"""Regular expressions that a scaffold brings: they must compile, and must not run for hours."""

from __future__ import annotations

import math
import re
import warnings
from typing import Final

MOST_CHARACTERS: Final = 200
MOST_WAYS: Final = 10_000_000
"""In how many ways a pattern may be tried on one key: a few hundredths of a second."""
LONGEST: Final = 100
"""Characters of what is matched; a key has no more."""
_TOKEN = re.compile(
    r"""
      \\N\{[^}]*\} | \\.                          # one character, however it is written
    | \[\^?\]?(?:\\.|[^\]\\])*\]                  # a class of characters
    | (?P<open>\(\??)
    | (?P<close>\))
    | (?P<or>\|)
    | (?P<times>[*+?]|\{(?P<least>[0-9]*)(?P<to>,(?P<most>[0-9]*))?(?<!\{)\})[?+]?
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_NO_PART = re.compile(r"\(\?(?:#|[a-zA-Z]*x)")
"""Comments, in which brackets mean nothing."""


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with the pattern, as a text that a model can act on; None if it may be used.

    Python tries one way to match after the other, and stops for nobody meanwhile; a key that does
    not match is tried in every way there is, and keys come from models.
    """
    if len(pattern) > MOST_CHARACTERS:
        return f"the pattern has more than {MOST_CHARACTERS} characters; write a shorter one"
    try:
        with warnings.catch_warnings():
            # What a later Python reads in another way is not written here.
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        return f"{pattern!r} is no regular expression: {error}"
    if _NO_PART.search(pattern):
        return f"{pattern!r} holds a comment, or sets the flag x; write it without them"
    if ways(pattern) > MOST_WAYS:
        return (
            f"{pattern!r} can be tried in so many ways that it may take forever: it repeats a "
            "group that itself repeats or chooses, or too much in a row; use few repetitions, "
            "of characters or classes such as [a-z0-9,]+"
        )
    return None


def ways(pattern: str) -> float:
    """In how many ways a pattern that compiles may be tried on a key, at most."""
    # Of each open group: all alternatives before this one, this one up to its last item, that item.
    groups: list[tuple[float, float, float]] = []
    before, so_far, last = 0.0, 1.0, 1.0
    for token in _TOKEN.finditer(pattern):
        if token["open"]:
            groups.append((before, so_far * last, 1.0))
            before, so_far, last = 0.0, 1.0, 1.0
        elif token["close"]:
            inner = before + so_far * last
            before, so_far, _ = groups.pop()
            last = inner
        elif token["or"]:
            before, so_far, last = before + so_far * last, 1.0, 1.0
        elif token["times"]:
            last = _repeated(last, *_bounds(token))
        else:
            so_far, last = so_far * last, 1.0
    return before + so_far * last


def _bounds(token: re.Match[str]) -> tuple[int, int]:
    """How often at least and at most, a key's length standing for any number."""
    simple = {"*": (0, LONGEST), "+": (1, LONGEST), "?": (0, 1)}.get(token["times"])
    if simple is not None:
        return simple
    least = min(LONGEST, int(token["least"] or 0))
    most = int(token["most"] or LONGEST) if token["to"] else least
    return least, min(LONGEST, most)


def _repeated(inner: float, least: int, most: int) -> float:
    if inner == 1:
        return most - least + 1
    if inner**2 > MOST_WAYS or most * math.log10(inner) > math.log10(MOST_WAYS):
        return math.inf if most > 1 else inner + 1
    return sum(inner**times for times in range(least, most + 1))
