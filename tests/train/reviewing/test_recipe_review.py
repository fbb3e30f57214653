"""A review of a recipe from its brief to what it leaves behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from automem.errors import ConfigError, DataError, LimitReached, RunError
from automem.files import write_text
from automem.records.config import SeedsSection
from automem.records.review import Opened, ReviewBudget
from automem.review.desk import Desk
from automem.run.layout import RunFolder
from automem.testing.meta_script import ScriptedCall, ScriptedTurn
from automem.testing.reviews import refusal_of, text_of, turn, use
from automem.testing.scripted_meta import ScriptedMeta, ScriptedMetaOptions, ScriptedReview
from automem_meta.providers.manual import ManualProvider
from automem_train.dataset.building import build_data
from automem_train.recipes.reading import read_recipe
from automem_train.select.selection import load_selection

from .conftest import WORK, RecipeReviews, seeds

pytestmark = pytest.mark.anyio
TWO = """data = "select"
[[lora]]
rank = 8
alpha = 16.0
[[lora]]
rank = 16
alpha = 16.0
"""
DELIVERED = {
    "recipe.toml": TWO,
    "analysis.md": "Signs are read again.",
    "method.md": "# Two ranks\n\nBoth.",
}


async def deliver(desk: Desk) -> None:
    for path, text in DELIVERED.items():
        await text_of(desk, "write", path=path, text=text)


async def test_it_begins_with_a_recipe_that_the_check_accepts(recipes: RecipeReviews) -> None:
    async with recipes.open() as desk:
        said = await text_of(desk, "check")
        assert "The recipe passes the check." in said
        assert "turns are selected anew" in said
        assert "rank 16" in said
        selection = await text_of(desk, "read", path="selection.toml")
    assert "minimum = 24" in selection, "as many as there are, where a prior wants 30"
    overlay = desk.folder / "overlay"
    assert sorted(path.name for path in overlay.iterdir()) == [
        "recipe.toml",
        "score.py",
        "selection.toml",
    ]
    assert [path.name for path in desk.folder.iterdir() if path.is_dir()] == ["overlay"]


async def test_the_brief_tells_what_was_played_what_there_is_and_what_is_known(
    recipes: RecipeReviews,
) -> None:
    task = msgspec.structs.replace(
        recipes.task,
        revision=2,
        previous_change="Rank 8.",
        previous_result="dropped: nothing changed",
        ledger=("t001-a1 dropped: Rank 8.",),
    )
    work = msgspec.structs.replace(WORK, base="models/three", configurations=1)
    async with recipes.open(work, task) as desk:
        brief, told = desk.brief, desk.instructions
    for said in (
        "recipe 2 for toy",
        "At most 1 configuration. The model that is trained: models/three, 3,000,000 parameters",
        "the incumbent, toy, 3 episodes",
        "The 57 turns",
        "log/first | 45 | 57",
        "no earlier data set",
        "small (for a model of less than 50 million",
        "rank 256, alpha 512, learning rate 5e-05, 4 epochs",
        "What came of it: dropped: nothing changed",
        "- t001-a1 dropped: Rank 8.",
    ):
        assert said in brief
    assert brief.index("small (for") < brief.index("crafter (the paper's")
    assert str(recipes.run.path) not in brief + told
    for said in ("Up to 1 configuration may", "`reread: int = 0`", "`learning_rate: Rate = 5e-05`"):
        assert said in told
    first = desk.events[0]
    assert isinstance(first, Opened)
    assert first.kind == "recipe"
    assert {"turns", "turn", "select", "data", "finish"} <= set(first.tools)


async def test_what_is_finished_can_be_trained(recipes: RecipeReviews) -> None:
    async with recipes.open() as desk:
        desk.said(turn())
        await deliver(desk)
        assert "the recipe will be trained" in await text_of(desk, "finish")
    assert desk.outcome is not None
    assert (desk.outcome.reason, desk.outcome.change) == ("finished", "Two ranks")
    overlay = desk.folder / "overlay"
    assert [lora.rank for lora in read_recipe(overlay, most=2).lora] == [8, 16]
    made = await build_data(recipes.run, load_selection(overlay), within=recipes.task.evaluations)
    assert made.read_report().sums.examples == 24


async def test_the_end_wants_reports_one_line_and_a_recipe_that_passes(
    recipes: RecipeReviews,
) -> None:
    async with recipes.open() as desk:
        nothing = await refusal_of(desk, "finish")
        assert "analysis.md is missing" in nothing
        assert "method.md is missing" in nothing
        await deliver(desk)
        await text_of(desk, "write", path="method.md", text="x" * 201)
        assert "first line of method.md has 201" in await refusal_of(desk, "finish")
        await text_of(desk, "write", path="method.md", text="Short.")
        await text_of(desk, "write", path="recipe.toml", text=f"{TWO}[[lora]]\nrank = 32\n")
        assert "3 configurations, but a recipe may have 2" in await refusal_of(desk, "finish")
        await text_of(desk, "edit", path="recipe.toml", old="rank = 32", new="rank = 0")
        assert "recipe.toml" in await text_of(desk, "check")


async def test_the_next_recipe_begins_with_the_last_and_must_differ(
    recipes: RecipeReviews,
) -> None:
    async with recipes.open() as first:
        await deliver(first)
        await text_of(first, "finish")
    overlay = str((first.folder / "overlay").relative_to(recipes.run.path))
    work = msgspec.structs.replace(WORK, previous=overlay, tried=(overlay,))
    task = msgspec.structs.replace(recipes.task, revision=2)
    async with recipes.open(work, task, number=2) as desk:
        assert "The last recipe is in front of you" in desk.brief
        assert "tried/t001-a/method.md" in desk.brief
        assert "rank = 8" in await text_of(desk, "read", path="recipe.toml")
        assert "rank = 8" in await text_of(desk, "read", path="tried/t001-a/overlay/recipe.toml")
        await text_of(desk, "write", path="analysis.md", text="x")
        await text_of(desk, "write", path="method.md", text="Nothing new.")
        await text_of(desk, "edit", path="recipe.toml", old="[[lora]]\nrank = 8", new=SAME)
        assert "is that of t001-a again" in await refusal_of(desk, "finish")
        await text_of(desk, "edit", path="recipe.toml", old="rank = 8", new="rank = 12")
        assert "rank 16; 16 costs no more there" in await text_of(desk, "check")
        await text_of(desk, "finish")


SAME = "[[lora]]\n# written otherwise\nepochs = 1\nrank = 8"


async def test_an_earlier_data_set_is_used_again_where_it_may_be(recipes: RecipeReviews) -> None:
    async with recipes.open() as desk:
        assert await text_of(desk, "data") == "There is no earlier data set."
        assert "0 data sets begin with" in await refusal_of(desk, "data", hash="abcd")
        made = await build_data(recipes.run, load_selection(desk.folder / "overlay"))
        name = made.path.name
        assert f"{name}: 24 examples of 3 episodes" in await text_of(desk, "data")
        told = await text_of(desk, "data", hash=name[:6], examples=2, first=1)
        assert told.count("    learned:") == 2
        assert "examples from number 2" in told
        reused = f'data = "{name[:6]}"\n[[lora]]\nrank = 8\nalpha = 8.0\n'
        await text_of(desk, "write", path="recipe.toml", text=reused)
        await text_of(desk, "write", path="selection.toml", text="no selection is read")
        assert f"the data set {name[:6]} again" in await text_of(desk, "check")
        await text_of(desk, "write", path="recipe.toml", text=reused.replace(name[:6], "0000"))
        assert "no data set '0000'" in await text_of(desk, "check")


async def test_data_of_other_evaluations_is_not_used_again(
    recipes: RecipeReviews, two_models: RunFolder
) -> None:
    other = next(iter(two_models.evaluations())).path
    shutil.copytree(other, recipes.run.evaluation(other.name).path)
    async with recipes.open() as desk:
        made = await build_data(recipes.run, load_selection(desk.folder / "overlay"))
        assert await text_of(desk, "data") == "There is no earlier data set."
        assert "24 examples after" in await text_of(desk, "select"), "and none of the other"
        reused = f'data = "{made.path.name}"\n[[lora]]\nrank = 8\nalpha = 8.0\n'
        await text_of(desk, "write", path="recipe.toml", text=reused)
        assert "not among the evaluations to learn from" in await text_of(desk, "check")
        only = f'evaluations = ["{other.name}"]\n'
        there = await text_of(desk, "read", path="selection.toml")
        text = only + there.partition("\n")[2]
        await text_of(desk, "write", path="selection.toml", text=text)
        assert "names none that may be learned from" in await refusal_of(desk, "select")


@pytest.mark.parametrize(
    "lists",
    [
        SeedsSection(search=(1, 2, 3), train=(50,), report=(90,)),
        SeedsSection(search=(50,), train=(1, 2), report=(3,)),
        SeedsSection(search=(50,), train=(1, 2), report=(90,)),
    ],
    ids=["search", "report", "none"],
)
async def test_only_train_seeds_are_seen(recipes: RecipeReviews, lists: SeedsSection) -> None:
    seeds(recipes.run, lists)
    with pytest.raises(ConfigError, match="none of those to learn from"):
        async with recipes.open():
            pass
    assert not recipes.run.recipe_review(1, 1).joinpath("overlay").exists()


async def test_without_evaluations_nothing_may_be_learned_from(recipes: RecipeReviews) -> None:
    task = msgspec.structs.replace(recipes.task, evaluations=())
    with pytest.raises(DataError, match="the task names none"):
        async with recipes.open(task=task):
            pass


async def test_reports_of_reviews_of_scaffolds_are_not_shown(recipes: RecipeReviews) -> None:
    write_text(recipes.run.review(1, 1) / "analysis.md", "Search seed 50 has a lake.")
    async with recipes.open() as desk:
        assert "lake" not in await text_of(desk, "grep", pattern="lake")
        assert "001-a" not in await text_of(desk, "list")


async def test_it_goes_on_where_it_was_interrupted(recipes: RecipeReviews) -> None:
    with pytest.raises(RuntimeError):
        async with recipes.open() as desk:
            desk.said(turn())
            await deliver(desk)
            raise RuntimeError
    assert desk.outcome is None
    path = desk.folder / "transcript.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    async with recipes.open() as again:
        assert again.instructions == desk.instructions
        assert (again.spent.turns, again.spent.tool_calls) == (1, 2)
        await text_of(again, "finish")
    assert again.outcome is not None
    assert again.outcome.change == "Two ranks"


async def test_an_overlay_is_there_whole_or_not_at_all(recipes: RecipeReviews) -> None:
    half = recipes.run.recipe_review(1, 1) / "overlay.new"
    half.mkdir(parents=True)
    (half / "recipe.toml").write_text("torn", encoding="utf-8")
    async with recipes.open() as desk:
        assert "passes" in await text_of(desk, "check")


async def test_a_review_of_one_kind_is_not_gone_on_with_as_another(
    recipes: RecipeReviews,
) -> None:
    async with recipes.open() as desk:
        pass
    folder = recipes.run.review(1, 1)
    desk.folder.rename(folder)
    seeds(recipes.run, SeedsSection(search=(1, 2, 3), train=(50,), report=(90,)))
    with pytest.raises(RunError, match="the review of a recipe, not of a scaffold"):
        async with recipes.reviews.open():
            pass


async def test_its_budget_is_kept_too(recipes: RecipeReviews) -> None:
    async with recipes.open(budget=ReviewBudget(tool_calls=1)) as desk:
        await text_of(desk, "turns")
        with pytest.raises(LimitReached):
            await use(desk, "select")
    assert desk.outcome is not None


async def test_a_scripted_meta_llm_writes_a_recipe(recipes: RecipeReviews, tmp_path: Path) -> None:
    writes = [
        ScriptedCall(name="write", arguments={"path": path, "text": text})
        for path, text in DELIVERED.items()
    ]
    turns = (
        ScriptedTurn(calls=(ScriptedCall(name="turns"), ScriptedCall(name="select"))),
        ScriptedTurn(calls=tuple(writes)),
        ScriptedTurn(calls=(ScriptedCall(name="check"), ScriptedCall(name="finish"))),
    )
    script = tmp_path / "script.json"
    script.write_bytes(msgspec.json.encode([ScriptedReview(turns=turns)]))
    options = ScriptedMetaOptions(script=str(script), calls=str(tmp_path / "calls"))
    async with recipes.open() as desk:
        await ScriptedMeta(None, options).review(desk)
    assert desk.outcome is not None
    assert desk.outcome.reason == "finished"
    assert desk.outcome.spent.turns == 3


async def test_a_person_writes_a_recipe_by_hand(recipes: RecipeReviews) -> None:
    async with recipes.open() as desk:
        folder = desk.folder
        told: list[str] = []

        async def person() -> None:
            problems = folder / "problems.md"
            if problems.exists():
                told.append(problems.read_text(encoding="utf-8"))
                for name, text in DELIVERED.items():
                    root = folder / "overlay" if name == "recipe.toml" else folder
                    (root / name).write_text(text, encoding="utf-8")
            (folder / "done").touch()

        await ManualProvider(person).review(desk)
    assert "analysis.md is missing" in told[0]
    assert "recipe.toml" in (folder / "what-to-do.md").read_text(encoding="utf-8")
    assert desk.outcome is not None
    assert desk.outcome.reason == "finished"
