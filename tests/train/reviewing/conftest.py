"""A toy run whose episodes are of train seeds, and reviews of recipes for it."""

from __future__ import annotations

import shutil
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from automem.evaluate.evaluator import read_evaluation
from automem.files import write_text
from automem.plugins import Plugins
from automem.records.config import SeedsSection
from automem.records.review import ReviewBudget, ReviewTask
from automem.review.desk import Desk
from automem.run.config import load_config, render_config
from automem.run.layout import RunFolder
from automem.testing.reviews import Reviews
from automem_train.reviewing.form import recipe_form
from automem_train.reviewing.work import RecipeWork

WORK = RecipeWork(environment="toy", parameters=3_000_000)


@dataclass(frozen=True, slots=True)
class RecipeReviews:
    """Reviews of recipes; each sitting makes its form anew, as another process does."""

    reviews: Reviews

    @property
    def run(self) -> RunFolder:
        """The run."""
        return self.reviews.run

    @property
    def task(self) -> ReviewTask:
        """The first recipe for what was played."""
        return self.reviews.task

    def open(
        self,
        work: RecipeWork = WORK,
        task: ReviewTask | None = None,
        *,
        number: int = 1,
        budget: ReviewBudget | None = None,
    ) -> AbstractAsyncContextManager[Desk]:
        """One sitting."""
        return self.reviews.open(task, budget, number=number, form=recipe_form(work))


@pytest.fixture
def recipes(one_model: RunFolder, plugins: Plugins, tmp_path: Path) -> RecipeReviews:
    """A copy of the run of one model; what it played counts as train seeds."""
    shutil.copytree(one_model.path, tmp_path / "toy")
    run = RunFolder(tmp_path / "toy")
    seeds(run, SeedsSection(search=(50,), train=(1, 2, 3), report=(90,)))
    evaluation = read_evaluation(next(iter(run.evaluations())))
    assert evaluation is not None
    return RecipeReviews(Reviews(run, evaluation, plugins))


def seeds(run: RunFolder, lists: SeedsSection) -> None:
    """Have the run's configuration say so."""
    config = msgspec.structs.replace(load_config(run.config), seeds=lists)
    write_text(run.config, render_config(config))
