"""Regular expressions that a scaffold brings: they must compile, and must not run for hours."""

from __future__ import annotations

import re

MOST_CHARACTERS = 200
_INSIDE = r"(?:[^()\\]|\\.)*"
_REPEATED = r"\)(?:[*+]|\{\d*,\d*\})"
_REPEATED_GROUP = re.compile(rf"\({_INSIDE}(?<!\\)[*+}}|]{_INSIDE}{_REPEATED}")
_NESTED = re.compile(rf"{_REPEATED}[^)]*{_REPEATED}")


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with the pattern, as a text that a model can act on; None if it may be used.

    A repeated group that itself repeats or chooses can take exponential time on a key that does
    not match, and the key comes from a model.
    """
    if len(pattern) > MOST_CHARACTERS:
        return f"the pattern has more than {MOST_CHARACTERS} characters; write a shorter one"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"{pattern!r} is no regular expression: {error}"
    if _REPEATED_GROUP.search(pattern) or _NESTED.search(pattern):
        return (
            f"{pattern!r} repeats a group that itself repeats or chooses, which may take forever; "
            "use a character class such as [a-z0-9,]+ instead"
        )
    return None
