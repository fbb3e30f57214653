"""Texts that a terminal only shows, whoever wrote them."""

from __future__ import annotations

import re

_COMMANDS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)"
    r"|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal obeys, or what turns the order of letters around; and what is no character."""


def visible(text: str) -> str:
    """The text with what a terminal would obey written out as escapes.

    Models, games and servers write what is shown; none of them may move the cursor, set the
    title or erase what stands above.
    """
    return _COMMANDS.sub(lambda found: ascii(found[0])[1:-1], text)
