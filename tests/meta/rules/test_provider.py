"""The rules at a real desk: one edit a review, none twice, and plain words about what they are."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from automem.errors import MetaError
from automem.models.cost import FREE
from automem.protocols import ReviewDesk
from automem.records.review import ReviewTask, Said
from automem.review.desk import Desk
from automem.review.scaffolds.changes import memory_changes
from automem.scaffold.content import texts
from automem.testing.meta_desk import MemoryDesk
from automem.testing.reviews import Reviews, text_of, use
from automem_meta.providers.rules.clerk import MODEL
from automem_meta.providers.rules.provider import (
    RulesOptions,
    RulesProvider,
    make_provider,
)

from .dying import Dying

pytestmark = pytest.mark.anyio


async def review(reviews: Reviews, number: int = 1, task: ReviewTask | None = None) -> Desk:
    async with reviews.open(task, number=number, price=FREE) as desk:
        await make_provider(None, None).review(desk)
    return desk


async def test_one_edit_is_made_with_the_measure_that_led_to_it(reviews: Reviews) -> None:
    desk = await review(reviews)
    outcome = desk.outcome
    assert outcome is not None
    assert outcome.reason == "finished"
    name = outcome.change.partition(" - ")[0]
    folder = reviews.folder()
    analysis = (folder / "analysis.md").read_text(encoding="utf-8")
    method = (folder / "method.md").read_text(encoding="utf-8")
    assert f"The edit made is `{name}`" in analysis
    assert f"- `{name}` (weight " in analysis
    assert "no language model" in analysis
    assert "no language model" in method
    before = texts(next(reviews.run.scaffolds.iterdir()))
    assert "scaffold.toml: inject" in memory_changes(before, texts(folder / "overlay"))
    turns = [event.turn for event in desk.events if isinstance(event, Said)]
    assert {turn.model for turn in turns} == {MODEL}
    assert outcome.spent.cost == 0


async def test_no_edit_is_tried_twice_in_a_run_and_the_end_is_said(reviews: Reviews) -> None:
    changes: list[str] = []
    for number in range(1, 30):
        desk = await review(reviews, number)
        assert desk.outcome is not None
        if desk.outcome.reason != "finished":
            break
        changes.append(desk.outcome.change)
    assert desk.outcome is not None
    assert desk.outcome.reason == "gave_up"
    last = [event.turn for event in desk.events if isinstance(event, Said)][-1]
    assert "nothing is proposed" in last.text
    assert len(changes) == len(set(changes)) >= 4


async def test_what_the_ledger_names_was_tried(reviews: Reviews) -> None:
    first = await review(reviews)
    assert first.outcome is not None
    line = f"001-a dropped: {first.outcome.change}"
    (reviews.folder() / "method.md").unlink()
    (reviews.folder() / "analysis.md").unlink()
    task = msgspec.structs.replace(reviews.task, ledger=(line,))
    second = await review(reviews, 2, task)
    assert second.outcome is not None
    assert second.outcome.change != first.outcome.change


async def test_a_continuation_takes_the_refused_edit_back(reviews: Reviews) -> None:
    first = await review(reviews)
    overlay = reviews.folder() / "overlay"
    (overlay / "files").mkdir(exist_ok=True)
    (overlay / "files" / "left.txt").write_text("left over", encoding="utf-8")
    task = msgspec.structs.replace(
        reviews.task,
        continuation=True,
        failed_overlay=str(overlay.relative_to(reviews.run.path)),
    )
    second = await review(reviews, 2, task)
    assert first.outcome is not None
    assert second.outcome is not None
    assert second.outcome.reason == "finished"
    assert second.outcome.change != first.outcome.change
    after = texts(reviews.folder(2) / "overlay")
    assert "files/left.txt" not in after
    manifest = tomllib.loads(after["scaffold.toml"])
    assert manifest["name"] == "toy-r1b"
    assert manifest["parent"] == reviews.task.incumbent


@pytest.mark.parametrize("calls", [1, 4, 12, 20, 21, 22, 23])
async def test_an_interrupted_review_comes_to_the_same_end(reviews: Reviews, calls: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        async with reviews.open(price=FREE) as desk:
            await RulesProvider().review(Dying(desk, calls))
    again = await review(reviews)
    straight = await review(reviews.copy(reviews.run.path.parent / "copy"))
    assert again.outcome is not None
    assert straight.outcome is not None
    assert again.outcome.change == straight.outcome.change
    assert texts(reviews.folder() / "overlay") == texts(straight.place.overlay.folder)
    # Nothing was asked twice, so that no number of interruptions uses up the budget.
    assert again.outcome.spent.turns == straight.outcome.spent.turns
    assert again.outcome.spent.tool_calls == straight.outcome.spent.tool_calls
    ended = await review(reviews)
    assert ended.events == again.events


async def test_edits_can_be_left_out(reviews: Reviews) -> None:
    options = RulesOptions(skip=("show:", "keep-", "remove-"), least_weight=0.2)
    async with reviews.open(price=FREE) as desk:
        await make_provider("any", options).review(desk)
    assert desk.outcome is not None
    assert "show:" not in desk.outcome.change


async def test_a_finished_review_is_left_alone(reviews: Reviews) -> None:
    async with reviews.open(price=FREE) as desk:
        await text_of(desk, "write", path="files/log.txt", text="Log:")
        await text_of(desk, "write", path="analysis.md", text="x")
        await text_of(desk, "write", path="method.md", text="x")
        await use(desk, "finish")
        provider = make_provider(None, None)
        number = len(desk.events)
        await provider.review(desk)
        assert len(desk.events) == number
        await provider.aclose()


async def test_a_desk_that_shows_something_else_is_an_error() -> None:
    desk: ReviewDesk = MemoryDesk(files={"scaffold.toml": "name = 'x'"})
    with pytest.raises(MetaError, match="the tool metric refused"):
        await make_provider(None, None).review(desk)


def test_the_desk_of_a_test_has_a_folder() -> None:
    assert MemoryDesk().folder == Path()
