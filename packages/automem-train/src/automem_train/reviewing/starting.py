"""The overlay at the beginning of a review: the last recipe, or one of a prior's settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from automem.files import write_text
from automem.records.review import ReviewTask
from automem.run.layout import RunFolder
from automem_train.recipes.priors import priors
from automem_train.recipes.starting import starting_files
from automem_train.reviewing.files import recipe_texts
from automem_train.reviewing.work import RecipeWork

_NEW = ".new"


def starter(work: RecipeWork) -> Callable[[Path, ReviewTask, RunFolder], None]:
    """What makes the overlay of this recipe. The overlay is there whole, or not at all."""

    def start(folder: Path, task: ReviewTask, run: RunFolder) -> None:
        del task
        content = recipe_texts(run.path / work.previous) if work.previous else {}
        if not content:
            content = starting_files(priors(work.environment, work.parameters)[0])
        made = folder.with_name(f"{folder.name}{_NEW}")
        made.mkdir(parents=True, exist_ok=True)
        for name, text in content.items():
            write_text(made / name, text)
        made.rename(folder)

    return start
