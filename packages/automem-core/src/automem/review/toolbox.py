"""Every tool of a review, in the order that a meta-LLM is told of them."""

from __future__ import annotations

from automem.review.tool import Tool
from automem.review.tools.computing import PYTHON
from automem.review.tools.editing import DELETE, EDIT, WRITE
from automem.review.tools.ending import CHECK, FINISH
from automem.review.tools.looking import LIST, READ
from automem.review.tools.playing import EPISODES, METRIC, STEP
from automem.review.tools.searching import GREP

TOOLS: tuple[Tool, ...] = (
    LIST,
    READ,
    GREP,
    EPISODES,
    STEP,
    METRIC,
    PYTHON,
    WRITE,
    EDIT,
    DELETE,
    CHECK,
    FINISH,
)
