"""The form of a review that changes a scaffold: its files, its tools, and what ends it."""

from __future__ import annotations

from collections.abc import Iterator

from automem.records.review import ReviewBudget, ReviewTask
from automem.review.form import Form
from automem.review.library import INCUMBENT
from automem.review.scaffolds.brief import brief, instructions
from automem.review.scaffolds.changes import changed, memory_changes
from automem.review.scaffolds.checking import problems
from automem.review.scaffolds.files import SCAFFOLD_FILES
from automem.review.scaffolds.starting import start_overlay
from automem.review.tool import Tool
from automem.review.tools.computing import PYTHON
from automem.review.tools.editing import editing_tools
from automem.review.tools.ending import Ending
from automem.review.tools.looking import LIST, READ
from automem.review.tools.playing import EPISODES, METRIC, STEP
from automem.review.tools.searching import GREP
from automem.review.view import scaffold_folder
from automem.review.workplace import Workplace
from automem.scaffold.content import texts


def _missing(place: Workplace) -> Iterator[str]:
    before = texts(scaffold_folder(place.run, place.task.incumbent))
    after = texts(place.overlay.folder)
    if not changed(before, after):
        yield f"nothing differs from {INCUMBENT}/; change the scaffold"
    elif not memory_changes(before, after):
        yield (
            "no change is one of memory: change at least one of files, operation, inject or limits "
            "in scaffold.toml, prompts/log.md, a seed text in files/, or `remember` in code.py"
        )


_ENDING = Ending(
    what="scaffold",
    described="The acceptance check of the scaffold as it is now, with a dry run on recorded "
    "observations.",
    accepted="End the review. Accepted when the check passes, analysis.md and method.md are "
    "written, and at least one change is one of memory.",
    passed="The scaffold passes the acceptance check.",
    done="The review is finished; the change will be played.",
    problems=problems,
    missing=_missing,
)
TOOLS: tuple[Tool, ...] = (
    LIST,
    READ,
    GREP,
    EPISODES,
    STEP,
    METRIC,
    PYTHON,
    *editing_tools("scaffold", SCAFFOLD_FILES),
    *_ENDING.tools(),
)


def _instructions(task: ReviewTask, budget: ReviewBudget) -> str:
    return instructions(budget, memory_only=task.memory_only)


SCAFFOLD = Form(
    kind="scaffold",
    sees="search",
    files=SCAFFOLD_FILES,
    tools=TOOLS,
    start=start_overlay,
    instructions=_instructions,
    brief=brief,
    reviews="[0-9]*",
)
