"""What tells one kind of review from another; everything else holds for all of them alike.

A form is a value that whoever holds the review makes:

    async with open_review(folder, task, budget, form=SCAFFOLD, run=..., ...) as desk:

`automem.review.scaffolds.form.SCAFFOLD` is the scaffold's, and what is taken where none is given.
Loop 2 makes its own of what a recipe's review must know besides the task.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from automem.records.review import ReviewBudget, ReviewKind, ReviewTask
from automem.review.tool import Tool
from automem.review.view import SeenSeeds
from automem.review.workplace import Workplace
from automem.review.writable import Writable


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of review."""

    kind: ReviewKind
    """Is in the transcript: a review is never gone on with as one of another kind."""
    sees: SeenSeeds
    """The list of seeds whose episodes may be looked at; those of the others are refused."""
    files: Writable
    """What the overlay may hold."""
    tools: tuple[Tool, ...]
    """In the order that a meta-LLM is told of them; one is called `finish`."""
    start: Callable[[Workplace], Awaitable[None]]
    """Makes the overlay's folder, which is not there yet. Raises AutoMemError where it cannot."""
    instructions: Callable[[ReviewTask, ReviewBudget], str]
    """The system prompt."""
    brief: Callable[[Workplace], Awaitable[str]]
    """The first message."""
    reviews: str = "*"
    """Pattern of the names of the reviews whose reports may be read, below `tried/`."""
    kept: tuple[str, ...] = ()
    """Files of such a review that may be read beside its reports, relative to its folder."""
