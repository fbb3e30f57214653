"""`data`: the data sets that a recipe may use again, and the report on one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

from anyio import to_thread
from msgspec import Meta

from automem.records._struct import Record
from automem.review.refusal import ToolRefusal
from automem.review.tool import Offset, Tool
from automem.review.workplace import Workplace
from automem_train.dataset.folder import DataFolder
from automem_train.reviewing.bench import Bench
from automem_train.reviewing.telling import example_lines, report_lines, shortened


class DataArguments(Record):
    """Arguments of `data`."""

    hash: Annotated[
        str, Meta(description="Beginning of the hash of a data set; empty lists all.")
    ] = ""
    examples: Annotated[
        int, Meta(ge=0, le=50, description="How many of its examples are shown, in order.")
    ] = 5
    first: Annotated[int, Meta(ge=0, description="How many are passed over before them.")] = 0
    offset: Offset = 0


def data_tool(bench: Bench) -> Tool:
    """The tool of one review."""

    async def show(place: Workplace, arguments: DataArguments) -> str:
        there = bench.data(place)
        if not arguments.hash:
            return "\n".join(data_lines(there))
        found = [one for one in there if one.path.name.startswith(arguments.hash.strip())]
        if len(found) != 1:
            listed = ", ".join([one.path.name for one in there]) or "none"
            raise ToolRefusal(
                f"{len(found)} data sets begin with {arguments.hash!r}; there are: {listed}"
            )
        return await to_thread.run_sync(lambda: "\n".join(_told(found[0], arguments)))

    return Tool(
        "data",
        "The data sets of earlier recipes that may be used again, or the report on one of them, "
        "with examples.",
        DataArguments,
        show,
    )


def data_lines(folders: list[DataFolder]) -> Iterator[str]:
    """One line for each."""
    for folder in folders:
        report = folder.read_report()
        yield (
            f"{report.hash}: {report.sums.examples} examples of "
            f"{report.sums.episodes.episodes} episodes; {shortened(report.criteria)}"
        )
    if not folders:
        yield "There is no earlier data set."


def _told(folder: DataFolder, arguments: DataArguments) -> Iterator[str]:
    yield f"# {folder.path.name}"
    yield from report_lines(folder.read_report())
    first = arguments.first
    shown = list(islice(folder.read_examples(), first, first + arguments.examples))
    if shown:
        yield ""
        yield f"examples from number {first + 1}:"
    for example in shown:
        yield from example_lines(example)
