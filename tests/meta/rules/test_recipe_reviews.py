"""The rules at a real desk of recipes: the traces, the jail and the check are those of training."""

from __future__ import annotations

import msgspec
import pytest

from automem.files import write_text
from automem.models.cost import FREE
from automem.records.config import SeedsSection
from automem.records.review import Answered, Said
from automem.review.desk import Desk
from automem.run.config import load_config, render_config
from automem.testing.reviews import Reviews
from automem_meta.providers.rules.provider import RulesOptions, RulesProvider
from automem_train.dataset.building import build_data
from automem_train.recipes.reading import read_recipe
from automem_train.reviewing.form import recipe_form
from automem_train.reviewing.work import RecipeWork
from automem_train.select.selection import load_selection

from .dying import Dying

pytestmark = pytest.mark.anyio
WORK = RecipeWork(environment="toy", parameters=1_000_000)


@pytest.fixture
def recipes(reviews: Reviews) -> Reviews:
    """What was played counts as train seeds."""
    config = load_config(reviews.run.config)
    lists = SeedsSection(search=(50,), train=(1, 2), report=(90,))
    write_text(reviews.run.config, render_config(msgspec.structs.replace(config, seeds=lists)))
    return reviews


async def review(
    recipes: Reviews,
    work: RecipeWork = WORK,
    *,
    number: int = 1,
    ledger: tuple[str, ...] = (),
    dies_after: int | None = None,
) -> Desk:
    """One sitting at the desk of the recipe of this number."""
    task = msgspec.structs.replace(recipes.task, ledger=ledger, revision=number)
    form = recipe_form(work)
    async with recipes.open(task, number=number, price=FREE, form=form) as desk:
        provider = RulesProvider(RulesOptions(configurations=3))
        await provider.review(desk if dies_after is None else Dying(desk, dies_after))
    return desk


def line(desk: Desk, number: int, place: int, verdict: str) -> str:
    assert desk.outcome is not None
    change = desk.outcome.change.rstrip(".")
    return f"recipe {number}, configuration {place} of 2: {change}. {verdict}: by the gate"


async def test_a_recipe_is_written_that_can_be_trained_and_then_gone_on_from(
    recipes: Reviews,
) -> None:
    first = await review(recipes)
    assert first.outcome is not None
    assert first.outcome.reason == "finished", first.events[-2:]
    overlay = first.place.overlay.folder
    recipe = read_recipe(overlay, most=2)
    assert [(one.rank, one.learning_rate) for one in recipe.lora] == [(16, 5e-4), (16, 1e-3)]
    chooser = load_selection(overlay)
    data = await build_data(recipes.run, chooser, within=recipes.task.evaluations)
    assert data.read_report().sums.examples >= chooser.selection.minimum
    analysis = (first.place.folder / "analysis.md").read_text(encoding="utf-8")
    assert "> The selection reaches its minimum." in analysis

    said = (line(first, 1, 1, "dropped"), line(first, 1, 2, "kept"))
    previous = str(overlay.relative_to(recipes.run.path))
    work = msgspec.structs.replace(WORK, previous=previous, tried=(previous,))
    second = await review(recipes, work, number=2, ledger=said)
    assert second.outcome is not None
    assert second.outcome.reason == "finished", second.events[-2:]
    again = read_recipe(second.place.overlay.folder, most=2)
    assert again.data == data.path.name
    assert [(one.learning_rate, one.epochs) for one in again.lora] == [(2e-3, 3), (1e-3, 6)]


async def test_an_interrupted_recipe_comes_to_the_same_end(recipes: Reviews) -> None:
    straight = await review(recipes.copy(recipes.run.path.parent / "copy"))
    assert straight.outcome is not None
    calls = sum(isinstance(event, Said) for event in straight.events)
    for dies_after in (2, 7, calls - 1):
        copy = recipes.copy(recipes.run.path.parent / f"copy{dies_after}")
        with pytest.raises(KeyboardInterrupt):
            await review(copy, dies_after=dies_after)
        again = await review(copy)
        assert again.outcome is not None
        assert again.outcome.change == straight.outcome.change
        assert again.outcome.spent.tool_calls == straight.outcome.spent.tool_calls
        assert _recipe(again) == _recipe(straight)


def _recipe(desk: Desk) -> dict[str, str]:
    names = ("recipe.toml", "selection.toml", "score.py")
    folder = desk.place.overlay.folder
    return {name: (folder / name).read_text(encoding="utf-8") for name in names}


async def test_the_way_to_a_selection_is_told_and_takes_few_calls(recipes: Reviews) -> None:
    desk = await review(recipes)
    checks = [
        event.answer.text
        for event in desk.events
        if isinstance(event, Answered) and event.call.name == "check"
    ]
    assert "may have 2" in checks[0]
    assert "passes the check" in checks[-1]
    analysis = (desk.place.folder / "analysis.md").read_text(encoding="utf-8")
    assert "- share0.5, the rules' own score.py, at least 16: The recipe does not pass" in analysis
    assert sum(isinstance(event, Said) for event in desk.events) < 40
