"""Whether the scaffold under review can be played: the same check that an evaluation makes."""

from __future__ import annotations

from automem.errors import ScaffoldError
from automem.review.workplace import Workplace
from automem.scaffold.check import check_for_tasks
from automem.scaffold.load import load_scaffold


async def problems(place: Workplace) -> list[str]:
    """Everything that keeps it from being played, in words."""
    try:
        scaffold = load_scaffold(place.overlay.folder)
    except ScaffoldError as error:
        return [str(error).replace(f"{place.overlay.folder}/", "")]
    found = check_for_tasks(scaffold, place.view.games())
    said = [f"{problem.where}: {problem.text}" for problem in found]
    if scaffold.manifest.parent != place.task.incumbent:
        said.append(f'scaffold.toml: parent must stay "{place.task.incumbent}"')
    return said
