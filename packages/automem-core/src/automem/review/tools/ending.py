"""`check` and `finish`: whether the scaffold can be played, and that the review is done."""

from __future__ import annotations

from automem.records._struct import Record
from automem.review.changes import changed, memory_changes
from automem.review.checking import problems
from automem.review.library import INCUMBENT
from automem.review.overlay import ANALYSIS, METHOD
from automem.review.tool import Tool, ToolRefusal
from automem.review.view import scaffold_folder
from automem.review.workplace import Workplace
from automem.scaffold.content import texts


class NoArguments(Record):
    """A tool without arguments."""


async def check(place: Workplace, arguments: NoArguments) -> str:
    """Every problem, or that there is none."""
    found = await problems(place)
    if not found:
        return "The scaffold passes the acceptance check."
    return _listed("The scaffold does not pass", found)


async def finish(place: Workplace, arguments: NoArguments) -> str:
    """End the review. Raises ToolRefusal with everything that is missing."""
    missing = list(_missing(place)) or await problems(place)
    if missing:
        raise ToolRefusal(_listed("The review is not finished", missing))
    return "The review is finished; the change will be played."


def _missing(place: Workplace) -> list[str]:
    found: list[str] = []
    reports = place.overlay.reports()
    for name, what in ((ANALYSIS, "what the traces showed"), (METHOD, "what you changed and why")):
        if not reports.get(name, "").strip():
            found.append(f"{name} is missing: write {what}")
    before = texts(scaffold_folder(place.run, place.task.incumbent))
    after = texts(place.overlay.folder)
    if not changed(before, after):
        found.append(f"nothing differs from {INCUMBENT}/; change the scaffold")
    elif not memory_changes(before, after):
        found.append(
            "no change is one of memory: change at least one of files, operation, inject or limits "
            "in scaffold.toml, prompts/log.md, a seed text in files/, or `remember` in code.py"
        )
    return found


def _listed(head: str, found: list[str]) -> str:
    return "\n".join([f"{head}:", *(f"- {problem}" for problem in found)])


CHECK = Tool(
    "check",
    "The acceptance check of the scaffold as it is now, with a dry run on recorded observations.",
    NoArguments,
    check,
    keeps_offset=False,
)
FINISH = Tool(
    "finish",
    "End the review. Accepted when the check passes, analysis.md and method.md are written, and "
    "at least one change is one of memory.",
    NoArguments,
    finish,
    keeps_offset=False,
)
