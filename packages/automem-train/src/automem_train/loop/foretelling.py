"""What is left of loop 2, in seeds and trainings: played through on the ledger as it is."""

from __future__ import annotations

from dataclasses import dataclass

from automem.loops.versions import Version
from automem.records.ledger import Trial
from automem_train.config import TrainSection
from automem_train.loop.state import Stop, next_step


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is left where nothing helps, or where everything is kept."""

    recipes: int
    """Reviews."""
    trainings: int


def ahead(
    root: Version,
    trials: tuple[Trial, ...],
    section: TrainSection,
    settings: str,
    *,
    is_kept: bool,
) -> Ahead:
    """How many recipes and trainings follow, each of as many configurations as it may have."""
    recipes = trainings = 0
    while True:
        step = next_step(root, trials, section, settings)
        if isinstance(step, Stop):
            return Ahead(recipes, trainings)
        trainings += 1
        recipes += step.place == 1
        places = section.configs
        if step.place > 1:
            places = max(trial.places for trial in trials if trial.revision == step.iteration)
        line = Trial(
            kind="recipe",
            at="",
            settings=settings,
            revision=step.iteration,
            attempt=step.place,
            places=places,
            review="",
            parent=step.scaffold.hash,
            verdict="kept" if is_kept else "dropped",
            why="",
        )
        trials = (*trials, line)
