"""`list` and `read`: every text of the review, by name."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from msgspec import Meta

from automem.records._struct import Record
from automem.review.refusal import ToolRefusal
from automem.review.tool import Offset, Tool
from automem.review.workplace import Workplace


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
