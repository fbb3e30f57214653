"""The recipe of a run that has none yet: a prior's settings, and consult before write."""

from __future__ import annotations

from importlib.resources import files

from automem_train.recipes.priors import Prior
from automem_train.recipes.recipe import RECIPE, Recipe, render_recipe

_FOLDER = "starting"
SELECTION = "selection.toml"
SCORE = "score.py"


def starting_files(prior: Prior) -> dict[str, str]:
    """Name -> text of `recipe.toml`, `selection.toml` and `score.py`, as they are written.

    One configuration, the prior's; at least as many examples as it wants.
    """
    folder = files("automem_train.recipes").joinpath(_FOLDER)
    selection = folder.joinpath(SELECTION).read_text(encoding="utf-8")
    return {
        RECIPE: render_recipe(Recipe(lora=(prior.lora,))),
        SELECTION: f"minimum = {prior.minimum}\n{selection}",
        SCORE: folder.joinpath(SCORE).read_text(encoding="utf-8"),
    }
