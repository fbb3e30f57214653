"""What the review of a recipe is given: its task, and what is known before it."""

from __future__ import annotations

from collections.abc import Sequence

from automem.records.ledger import Trial
from automem.records.review import ReviewTask
from automem.review.form import Form
from automem.run.ledger import trial_line
from automem_train.loop.opening import Opened
from automem_train.loop.state import Turn
from automem_train.recipes.parameters import parameters_of
from automem_train.reviewing.form import recipe_form
from automem_train.reviewing.work import RecipeWork


def task_of(step: Turn, trials: Sequence[Trial], collected: tuple[str, ...]) -> ReviewTask:
    """The task of the review that writes the recipe of a step.

    It is the same for every configuration of the recipe: `trials` that were judged since do not
    count.
    """
    before = [trial for trial in trials if _before(trial, step)]
    previous = before[-1] if before and before[-1].kind == "recipe" else None
    return ReviewTask(
        incumbent=step.scaffold.hash,
        evaluations=collected,
        revision=step.iteration,
        previous_change=previous.change if previous else "",
        previous_result=f"{previous.verdict.replace('_', ' ')}: {previous.why}" if previous else "",
        ledger=tuple(map(trial_line, before)),
    )


def form_of(opened: Opened, step: Turn) -> Form:
    """The form of that review; it begins with the last recipe that was trained."""
    trained = [
        f"{trial.review}/overlay"
        for trial in step.earlier
        if trial.trained is not None and trial.revision < step.iteration
    ]
    overlays = tuple(dict.fromkeys(trained))
    return recipe_form(
        RecipeWork(
            environment=opened.config.environment.name,
            configurations=opened.section.configs,
            base=opened.base,
            parameters=parameters_of(opened.base),
            previous=overlays[-1] if overlays else "",
            tried=overlays,
        )
    )


def _before(trial: Trial, step: Turn) -> bool:
    return trial.kind == "scaffold" or trial.revision < step.iteration
