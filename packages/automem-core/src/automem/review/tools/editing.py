"""`write`, `edit`, `delete`: what is being changed, and the two reports."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from automem.records._struct import Record
from automem.review.refusal import ToolRefusal
from automem.review.tool import Tool
from automem.review.workplace import Workplace
from automem.review.writable import Writable

Written = Annotated[str, Meta(description="Which file.")]


class WriteArguments(Record):
    """Arguments of `write`."""

    path: Written
    text: Annotated[str, Meta(description="The whole new content.")]


class EditArguments(Record):
    """Arguments of `edit`."""

    path: Written
    old: Annotated[str, Meta(min_length=1, description="Text that stands in the file, verbatim.")]
    new: Annotated[str, Meta(description="What takes its place.")]
    everywhere: Annotated[
        bool, Meta(description="Replace every place; otherwise `old` must stand there once.")
    ] = False


class DeleteArguments(Record):
    """Arguments of `delete`."""

    path: Written


async def write(place: Workplace, arguments: WriteArguments) -> str:
    """Make or replace a file."""
    place.overlay.write(arguments.path, arguments.text)
    return f"wrote {arguments.path}: {len(arguments.text.splitlines())} lines"


async def edit(place: Workplace, arguments: EditArguments) -> str:
    """Replace a text within a file. Asked again after an interruption, it is done already."""
    there = place.overlay.files()
    name = arguments.path.strip().removeprefix("./")
    if name not in there:
        raise ToolRefusal(f"there is no file {name} to edit; there are {', '.join(there)}")
    text = there[name]
    found = text.count(arguments.old)
    if not found and arguments.new and arguments.new in text:
        return f"{name} says so already; nothing was changed"
    if not found:
        raise ToolRefusal(f"{name} does not hold that text; read it and copy the text verbatim")
    if found > 1 and not arguments.everywhere:
        raise ToolRefusal(
            f"{name} holds that text {found} times; give more of its surroundings, "
            "or set everywhere=true"
        )
    place.overlay.write(name, text.replace(arguments.old, arguments.new))
    return f"edited {name} in {found} {'place' if found == 1 else 'places'}"


async def delete(place: Workplace, arguments: DeleteArguments) -> str:
    """Remove a file."""
    place.overlay.delete(arguments.path)
    return f"deleted {arguments.path}"


def editing_tools(what: str, files: Writable) -> tuple[Tool, Tool, Tool]:
    """The three for an overlay that holds `what`, such as a scaffold."""
    words = {"path": f"Which file: {files.names}."}
    return (
        Tool(
            "write",
            f"Make or replace a file of the {what}, or a report.",
            WriteArguments,
            write,
            keeps_offset=False,
            words=words,
        ),
        Tool(
            "edit",
            f"Replace a text within a file of the {what}, or of a report.",
            EditArguments,
            edit,
            keeps_offset=False,
            words=words,
        ),
        Tool(
            "delete",
            f"Remove a file of the {what}.",
            DeleteArguments,
            delete,
            keeps_offset=False,
            words=words,
        ),
    )
