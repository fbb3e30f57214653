"""`write`, `edit`, `delete`: the scaffold that is being changed, and the two reports."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from automem.records._struct import Record
from automem.review.overlay import ALLOWED
from automem.review.tool import Tool, ToolRefusal
from automem.review.workplace import Workplace

Written = Annotated[str, Meta(description=f"Which file: {ALLOWED}.")]


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


WRITE = Tool(
    "write",
    "Make or replace a file of the scaffold, or a report.",
    WriteArguments,
    write,
    keeps_offset=False,
)
EDIT = Tool(
    "edit",
    "Replace a text within a file of the scaffold, or of a report.",
    EditArguments,
    edit,
    keeps_offset=False,
)
DELETE = Tool(
    "delete",
    "Remove a file of the scaffold.",
    DeleteArguments,
    delete,
    keeps_offset=False,
)
