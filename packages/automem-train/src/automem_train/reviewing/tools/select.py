"""`select`: what the selection in the overlay would come to; nothing is written."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from automem.errors import JailError
from automem.records._struct import Record
from automem.review.refusal import ToolRefusal
from automem.review.tool import Offset, Tool
from automem.review.workplace import Workplace
from automem_train.reviewing.bench import Bench
from automem_train.reviewing.telling import example_lines, report_lines


class SelectArguments(Record):
    """Arguments of `select`."""

    seed: Annotated[int, Meta(description="Another one draws other examples.")] = 0
    offset: Offset = 0


def select_tool(bench: Bench) -> Tool:
    """The tool of one review."""

    async def show(place: Workplace, arguments: SelectArguments) -> str:
        try:
            tryout = await bench.tryout(place, arguments.seed)
        except JailError as error:
            raise ToolRefusal(f"programs cannot be run on this machine: {error}") from error
        lines = [
            tryout.shortfall or "The selection reaches its minimum.",
            "",
            *report_lines(tryout.report),
        ]
        if tryout.sample:
            lines += [
                "",
                f"{len(tryout.sample)} examples drawn by chance (`turn` shows one whole):",
            ]
        for example in tryout.sample:
            lines += example_lines(example)
        return "\n".join(lines)

    return Tool(
        "select",
        "Try selection.toml and score.py as they are now, with every step that makes a data set: "
        "how many turns are chosen, why others are not, how the examples cover the shapes and "
        "spread over the episodes, and ten of them. Nothing is written.",
        SelectArguments,
        show,
    )
