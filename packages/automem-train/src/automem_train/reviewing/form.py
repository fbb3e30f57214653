"""The form of a review that writes a recipe: its files, its tools, and what ends it."""

from __future__ import annotations

from dataclasses import replace

from automem.review.form import Form
from automem.review.tool import Tool
from automem.review.tools.computing import PYTHON
from automem.review.tools.editing import editing_tools
from automem.review.tools.looking import LIST, READ
from automem.review.tools.playing import EPISODES, METRIC, STEP
from automem.review.tools.searching import GREP
from automem_train.reviewing.bench import Bench
from automem_train.reviewing.brief import briefer, instructor
from automem_train.reviewing.checking import ending_tools
from automem_train.reviewing.files import NAMES, RECIPE_FILES
from automem_train.reviewing.starting import starter
from automem_train.reviewing.tools.data import data_tool
from automem_train.reviewing.tools.select import select_tool
from automem_train.reviewing.tools.turn import turn_tool
from automem_train.reviewing.tools.turns import turns_tool
from automem_train.reviewing.work import RecipeWork

_LIST = replace(
    LIST,
    description="Names and sizes of what can be read: the recipe you are writing, the scaffold "
    "that was played, earlier recipes with their reports, and each episode's text and memory.",
    words={
        "path": "Beginning of the names, such as incumbent/, tried/, episodes/A1/ or "
        "episodes/A1/memory@300/. Empty: all but the episodes' texts."
    },
)
_READ = replace(
    READ,
    words={
        "path": "A file's name, such as recipe.toml, incumbent/prompts/log.md, "
        "tried/t001-a/overlay/score.py, episodes/A1/text (the episode, step by step), "
        "episodes/A1/memory/map.txt (at its end) or episodes/A1/memory@300/map.txt (after step "
        "300)."
    },
)


def recipe_form(work: RecipeWork) -> Form:
    """The form of one recipe's review; its tools share what they derive from the traces."""
    bench = Bench(work)
    tools: tuple[Tool, ...] = (
        _LIST,
        _READ,
        GREP,
        EPISODES,
        STEP,
        METRIC,
        PYTHON,
        turns_tool(bench),
        turn_tool(bench),
        select_tool(bench),
        data_tool(bench),
        *editing_tools("recipe", RECIPE_FILES),
        *ending_tools(bench),
    )
    return Form(
        kind="recipe",
        sees="train",
        files=RECIPE_FILES,
        tools=tools,
        start=starter(bench),
        instructions=instructor(work),
        brief=briefer(bench),
        reviews="t[0-9]*",
        kept=tuple([f"overlay/{name}" for name in NAMES]),
    )
