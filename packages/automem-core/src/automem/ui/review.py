"""What a person sees while a meta-LLM reviews: turns, tools, tokens, money."""

from __future__ import annotations

from automem.records._struct import Record
from automem.records.review import Spent
from automem.ui.words import count, money, plural


class ReviewLine(Record, tag_field="event", tag="review"):
    """How a review stands."""

    title: str
    spent: Spent
    doing: str
    """The tool that was used last, or that an answer is waited for."""


def review_text(line: ReviewLine) -> str:
    """The sums in one line."""
    used = line.spent
    parts = [
        plural(used.turns, "turn"),
        plural(used.tool_calls, "tool call"),
        f"{count(used.tokens)} tokens",
        money(used.cost),
    ]
    return " | ".join([*parts, line.doing] if line.doing else parts)
