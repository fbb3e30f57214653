"""What loop 2 does next: a function of the ledger alone, so that nothing else need be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automem.loops.versions import Version, versions
from automem.records.ledger import Trial
from automem.run.specialist import best_specialist
from automem_train.config import TrainSection


@dataclass(frozen=True, slots=True)
class Turn:
    """The next configuration to train and judge, and the recipe that it is part of."""

    iteration: int
    """Of all recipes of the run, from 1."""
    place: int
    """Of the configuration in the recipe, from 1; those before it have their lines."""
    scaffold: Version
    """With which everything is played: the best one of loop 1, or what the run began with."""
    version: int
    """Its number among the best ones, from 1."""
    earlier: tuple[Trial, ...]
    """Lines of recipes for this scaffold, those of this one included."""

    @property
    def text(self) -> str:
        """Where the loop stands, for a display."""
        return f"recipe {self.iteration}"


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing is left to try."""

    why: str
    scaffold: Version
    champion: Trial | None
    """The best specialist for it."""


def next_step(
    root: Version, trials: Sequence[Trial], section: TrainSection, settings: str
) -> Turn | Stop:
    """The next thing to train, or why there is none.

    Recipes count while the best scaffold is theirs, and the game, the model and the agent are:
    where loop 1 has found a better scaffold since, loop 2 begins again with that one.
    """
    known = versions(root, trials)
    scaffold = known[-1]
    recipes = [trial for trial in trials if trial.kind == "recipe"]
    counted = [t for t in recipes if (t.parent, t.settings) == (scaffold.hash, settings)]
    iterations = _by_iteration(counted)
    last = iterations[-1] if iterations else []
    number = max((trial.revision for trial in recipes), default=0)
    if last and last[-1].attempt < last[-1].places:
        return Turn(number, last[-1].attempt + 1, scaffold, len(known), tuple(counted))
    fruitless = _fruitless(iterations)
    champion = best_specialist(counted)
    if fruitless >= section.patience:
        found = "the last recipe" if fruitless == 1 else f"{fruitless} recipes in a row"
        return Stop(f"{found} brought nothing", scaffold, champion)
    if len(iterations) >= section.iterations:
        return Stop(f"recipe {section.iterations} was the last", scaffold, champion)
    return Turn(number + 1, 1, scaffold, len(known), tuple(counted))


def _by_iteration(trials: Sequence[Trial]) -> list[list[Trial]]:
    found: dict[int, list[Trial]] = {}
    for trial in trials:
        found.setdefault(trial.revision, []).append(trial)
    return list(found.values())


def _fruitless(iterations: Sequence[Sequence[Trial]]) -> int:
    """How many of the last recipes brought nothing that was kept."""
    count = 0
    for lines in reversed(iterations):
        if any(trial.verdict == "kept" for trial in lines):
            break
        count += 1
    return count
