"""Whether the recipe under review can be trained: its settings, and the data it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from automem.errors import AutoMemError, DataError, JailError
from automem.review.desk import MOST_CHANGE
from automem.review.refusal import ToolRefusal
from automem.review.tool import Tool
from automem.review.tools.ending import Ending
from automem.review.workplace import Workplace
from automem.review.writable import METHOD
from automem_train.config import MOST_CONFIGURATIONS
from automem_train.recipes.reading import read_recipe
from automem_train.recipes.recipe import Recipe
from automem_train.recipes.telling import recipe_text
from automem_train.reviewing.bench import Bench
from automem_train.select.selection import load_selection


def ending_tools(bench: Bench) -> tuple[Tool, Tool]:
    """`check` and `finish` of one review."""
    most = bench.work.configurations

    async def problems(place: Workplace) -> list[str]:
        folder = place.overlay.folder
        try:
            recipe = read_recipe(folder, most=most)
            if bench.reused(place, recipe) is not None:
                return []
            tryout = await bench.tryout(place)
        except JailError as error:
            raise ToolRefusal(f"score.py cannot be run on this machine: {error}") from error
        except DataError as error:
            return [str(error).replace(f"{folder}/", "")]
        return [f"selection.toml: {tryout.shortfall}"] if tryout.shortfall else []

    def missing(place: Workplace) -> Iterator[str]:
        first = place.overlay.reports().get(METHOD, "").strip().partition("\n")[0]
        if len(first) > MOST_CHANGE:
            yield (
                f"the first line of {METHOD} has {len(first)} characters; say the change there in "
                "at most 100, and the rest below it"
            )
        again = _repeated(place, bench)
        if again:
            yield f"this recipe is that of {again} again; change the selection or the settings"

    return Ending(
        what="recipe",
        described="Whether the recipe as it is now can be trained: the keys of recipe.toml, and "
        "the data set that it uses again, or the selection with a try-out.",
        accepted="End the review. Accepted when the check passes, analysis.md and method.md are "
        "written, and the first line of method.md is the change in one line.",
        passed="The recipe passes the check.",
        done="The review is finished; the recipe will be trained.",
        problems=problems,
        missing=missing,
        told=lambda place: recipe_text(read_recipe(place.overlay.folder, most=most)),
    ).tools()


def _repeated(place: Workplace, bench: Bench) -> str:
    """The review that came to the same recipe before; empty where none did."""
    mine = _meaning(place.overlay.folder, bench)
    for earlier in bench.work.tried:
        if mine is not None and _meaning(place.run.path / earlier, bench) == mine:
            return Path(earlier).parent.name
    return ""


def _meaning(folder: Path, bench: Bench) -> tuple[Recipe, bytes] | None:
    """What a recipe comes to, however it is written; None where it cannot be read."""
    try:
        recipe = read_recipe(folder, most=MOST_CONFIGURATIONS)
        return recipe, load_selection(folder).canonical if recipe.selects else b""
    except AutoMemError:
        return None
