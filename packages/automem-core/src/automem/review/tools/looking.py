"""`list`, `read`, `grep`: every text of the review, by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from anyio import to_thread
from msgspec import Meta

from automem.records._struct import Record
from automem.review.tool import Offset, Tool, ToolRefusal
from automem.review.workplace import Workplace
from automem.scaffold.patterns import pattern_problem

MOST_HITS = 200
_LONGEST = 2_000
"""Characters of a line that are searched; a pattern may take the square of it."""


class ListArguments(Record):
    """Arguments of `list`."""

    path: Annotated[
        str,
        Meta(
            description="Beginning of the names, such as prompts/, incumbent/, tried/, "
            "episodes/A1/ or episodes/A1/memory@300/. Empty: all but the episodes' texts."
        ),
    ] = ""
    offset: Offset = 0


class ReadArguments(Record):
    """Arguments of `read`."""

    path: Annotated[
        str,
        Meta(
            description="A file's name, such as scaffold.toml, prompts/log.md, "
            "incumbent/prompts/log.md, episodes/A1/text (the episode, step by step), "
            "episodes/A1/memory/map.txt (at its end) or episodes/A1/memory@300/map.txt "
            "(after step 300)."
        ),
    ]
    first: Annotated[int, Meta(ge=1, description="First line, from 1.")] = 1
    last: Annotated[int, Meta(ge=0, description="Last line; 0 is the end.")] = 0
    offset: Offset = 0


class GrepArguments(Record):
    """Arguments of `grep`."""

    pattern: Annotated[
        str, Meta(min_length=1, description="Words, or with regex=true a regular expression.")
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


async def list_texts(place: Workplace, arguments: ListArguments) -> str:
    """Names with their sizes."""
    if arguments.path.startswith("episodes"):
        names = await to_thread.run_sync(place.library.named, arguments.path)
        return "\n".join(names) or f"nothing begins with {arguments.path}"
    plain = place.library.plain()
    lines = [
        f"{name} ({len(text.splitlines())} lines, {len(text)} characters)"
        for name, text in plain.items()
        if name.startswith(arguments.path.removeprefix("./"))
    ]
    if not arguments.path:
        lines += [
            f"episodes/{episode.name}/text, episodes/{episode.name}/memory@STEP/FILE"
            for episode in place.view.episodes()
        ]
    return "\n".join(lines) or f"nothing begins with {arguments.path}"


async def read_text(place: Workplace, arguments: ReadArguments) -> str:
    """Lines of one text, under a line that says which."""
    text = await to_thread.run_sync(place.library.text, arguments.path)
    lines = text.splitlines()
    last = min(arguments.last or len(lines), len(lines))
    if lines and arguments.first > last:
        raise ToolRefusal(
            f"{arguments.path} has lines 1 to {len(lines)}; none from {arguments.first} to "
            f"{arguments.last or len(lines)}"
        )
    head = f"{arguments.path}, lines {min(arguments.first, last)} to {last} of {len(lines)}:"
    return "\n".join([head, *lines[arguments.first - 1 : last]])


async def grep_texts(place: Workplace, arguments: GrepArguments) -> str:
    """Lines that match, with file and number."""
    pattern = _compiled(arguments)
    return await to_thread.run_sync(_grepped, place, arguments, pattern)


def _compiled(arguments: GrepArguments) -> re.Pattern[str]:
    flags = 0 if arguments.case else re.IGNORECASE
    if not arguments.regex:
        return re.compile(re.escape(arguments.pattern), flags)
    problem = pattern_problem(arguments.pattern)
    if problem is not None:
        raise ToolRefusal(problem)
    return re.compile(arguments.pattern, flags)


def _grepped(place: Workplace, arguments: GrepArguments, pattern: re.Pattern[str]) -> str:
    prefix = arguments.path
    names = place.library.named(prefix)
    if prefix.strip("/") == "episodes":
        names = [name for name in names if name.endswith("/text")]
    found: list[str] = []
    hits = 0
    for name in names:
        lines = place.library.text(name).splitlines()
        at = [n for n, line in enumerate(lines) if pattern.search(line[:_LONGEST])]
        hits += len(at)
        if len(found) < MOST_HITS:
            found += _shown(name, lines, at[: MOST_HITS - len(found)], arguments.context)
    if not names:
        return f"there is no file that begins with {prefix}"
    if not hits:
        return f"no line of {len(names)} files matches"
    more = f"; the first {MOST_HITS} are shown" if hits > MOST_HITS else ""
    return "\n".join([f"{hits} lines match{more}:", *found])


def _shown(name: str, lines: list[str], at: list[int], context: int) -> Iterator[str]:
    told = -1
    for number in at:
        first, last = max(told + 1, number - context), min(len(lines) - 1, number + context)
        for n in range(first, last + 1):
            mark = ":" if n in at else "-"
            yield f"{name}{mark}{n + 1}{mark} {lines[n]}"
        told = max(told, last)


LIST = Tool(
    "list",
    "Names and sizes of what can be read: the scaffold you are changing, the incumbent, what was "
    "tried before, and each episode's text and memory.",
    ListArguments,
    list_texts,
)
READ = Tool(
    "read",
    "Read a text by its name, whole or a range of lines.",
    ReadArguments,
    read_text,
)
GREP = Tool(
    "grep",
    "Lines that contain words or match a regular expression, in files or in whole episodes.",
    GrepArguments,
    grep_texts,
)
