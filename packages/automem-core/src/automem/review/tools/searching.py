"""`grep`: the lines of every text of the review that hold words or match a pattern.

Python tries one way to match after the other and lets nothing else run meanwhile; patterns of a
meta-LLM are therefore tried in a jail, which is ended when it takes too long.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, cast

from anyio import to_thread
from msgspec import Meta

from automem.errors import CodeFault, JailError
from automem.processes.jail import JailLimits, open_jail
from automem.records._struct import Record
from automem.review.refusal import ToolRefusal
from automem.review.tool import Offset, Tool
from automem.review.workplace import Workplace

MOST_HITS = 200
LIMITS = JailLimits(
    call_seconds=2.0,
    memory_bytes=1024**3,
    request_bytes=64 * 1024**2,
    reply_bytes=8 * 1024**2,
)
_SEARCHER = """
import re

def begin(text, ignore_case):
    global search
    try:
        search = re.compile(text, re.IGNORECASE if ignore_case else 0).search
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)

def lines(text):
    return [n for n, line in enumerate(text.splitlines()) if search(line)]
"""
Search = Callable[[str], Awaitable[list[int]]]
"""The numbers, from 0, of the lines of a text that match."""


class GrepArguments(Record):
    """Arguments of `grep`."""

    pattern: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=1000,
            description="Words, or with regex=true a regular expression of Python.",
        ),
    ]
    path: Annotated[
        str,
        Meta(
            description="Beginning of the names to look in, as in `list`; empty is all plain "
            "files, `episodes` the texts of all episodes."
        ),
    ] = ""
    regex: Annotated[bool, Meta(description="Whether the pattern is a regular expression.")] = False
    case: Annotated[bool, Meta(description="Whether upper and lower case differ.")] = False
    context: Annotated[int, Meta(ge=0, le=10, description="Lines shown around each hit.")] = 0
    offset: Offset = 0


async def grep_texts(place: Workplace, arguments: GrepArguments) -> str:
    """Lines that match, with file and number."""
    prefix = arguments.path
    names = await to_thread.run_sync(place.library.named, prefix)
    if prefix.strip("/") == "episodes":
        names = [name for name in names if name.endswith("/text")]
    found: list[str] = []
    hits = 0
    async with _searching(place, arguments) as search:
        for name in names:
            text = await to_thread.run_sync(place.library.text, name)
            at = await search(text)
            hits += len(at)
            if len(found) < MOST_HITS:
                shown = at[: MOST_HITS - len(found)]
                found += _shown(name, text.splitlines(), shown, arguments.context)
    if not names:
        return f"there is no file that begins with {prefix}"
    if not hits:
        return f"no line of {len(names)} files matches"
    more = f"; the first {MOST_HITS} are shown" if hits > MOST_HITS else ""
    return "\n".join([f"{hits} lines match{more}:", *found])


@asynccontextmanager
async def _searching(place: Workplace, arguments: GrepArguments) -> AsyncGenerator[Search]:
    if not arguments.regex:
        words = arguments.pattern if arguments.case else arguments.pattern.casefold()

        async def plainly(text: str) -> list[int]:
            return await to_thread.run_sync(_holding, text, words, arguments.case)

        yield plainly
        return
    log = place.run.logs / "jail-review.log"
    try:
        async with open_jail(_SEARCHER, name="the pattern", limits=LIMITS, log=log) as jail:
            wrong = await jail.call("begin", arguments.pattern, not arguments.case)
            if wrong is not None:
                raise ToolRefusal(f"{arguments.pattern!r} is no regular expression: {wrong}")

            async def in_jail(text: str) -> list[int]:
                return cast("list[int]", await jail.call("lines", text))

            yield in_jail
    except CodeFault as fault:
        slow = "; it may take forever, so repeat less, or look in fewer files"
        raise ToolRefusal(f"{fault}{slow if fault.kind == 'timeout' else ''}") from fault
    except JailError as error:
        raise ToolRefusal(f"patterns cannot be tried here, search for words: {error}") from error


def _holding(text: str, words: str, case: bool) -> list[int]:  # noqa: FBT001 - for a thread
    lines = text.splitlines()
    return [n for n, line in enumerate(lines) if words in (line if case else line.casefold())]


def _shown(name: str, lines: list[str], at: list[int], context: int) -> Iterator[str]:
    told = -1
    for number in at:
        first, last = max(told + 1, number - context), min(len(lines) - 1, number + context)
        for n in range(first, last + 1):
            mark = ":" if n in at else "-"
            yield f"{name}{mark}{n + 1}{mark} {lines[n]}"
        told = max(told, last)


GREP = Tool(
    "grep",
    "Lines that contain words or match a regular expression, in files or in whole episodes.",
    GrepArguments,
    grep_texts,
)
