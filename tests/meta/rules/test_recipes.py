"""The rules write recipes: looks before writes, a grid point by point, earlier data used again."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from automem.errors import LimitReached, MetaError
from automem.records.ledger import Trial
from automem.records.review import ReviewBudget
from automem.run.ledger import trial_line
from automem_meta.providers.rules.clerk import MODEL
from automem_meta.providers.rules.provider import RulesOptions, RulesProvider, make_provider
from automem_meta.providers.rules.recipes.earlier import Tried, change_line, tried_recipes
from automem_meta.providers.rules.recipes.grid import MOVES, Point, named_points, next_points
from automem_meta.providers.rules.recipes.selecting import next_share
from automem_meta.providers.rules.wording import text_of
from automem_train.recipes.reading import parse_recipe
from automem_train.select.scoring import open_scorer
from automem_train.select.selection import load_selection
from automem_train.turns.record import Turn

from .recipe_desk import RecipeDesk

PRIOR = Point(16, 5e-4, 3)
HASH = "0123456789abcdef"


async def reviewed(desk: RecipeDesk, configurations: int = 2) -> RecipeDesk:
    await make_provider(None, RulesOptions(configurations=configurations)).review(desk)
    return desk


def points(desk: RecipeDesk) -> list[Point]:
    recipe = parse_recipe(desk.files["recipe.toml"], most=8)
    return [Point(one.rank, one.learning_rate, one.epochs) for one in recipe.lora]


def change(desk: RecipeDesk) -> str:
    return desk.files["method.md"].partition("\n")[0].removeprefix("# ")


def ledger_line(desk: RecipeDesk, iteration: int, place: int, verdict: str) -> str:
    return "- " + trial_line(
        msgspec.convert(
            {
                "kind": "recipe",
                "at": "",
                "settings": "",
                "revision": iteration,
                "attempt": place,
                "places": 2,
                "review": f"reviews/t{iteration:03d}-a",
                "parent": "",
                "change": change(desk),
                "verdict": verdict,
                "why": "progression from 20.1 to 22.5 over 10 pairs",
            },
            Trial,
        )
    )


def after(desk: RecipeDesk, number: int, *verdicts: str) -> RecipeDesk:
    """The desk of the next recipe, which begins with this one's files."""
    lines = [ledger_line(desk, number, n + 1, verdict) for n, verdict in enumerate(verdicts)]
    return RecipeDesk(
        files={name: text for name, text in desk.files.items() if not name.endswith(".md")},
        brief="\n".join([desk.brief, *lines]),
        data=dict(desk.data),
    )


@pytest.mark.anyio
async def test_the_first_recipe_is_the_prior_and_a_higher_rate_on_looks_before_writes(
    tmp_path: Path,
) -> None:
    desk = await reviewed(RecipeDesk())
    assert desk.finished
    assert points(desk) == [PRIOR, Point(16, 1e-3, 3)]
    recipe = parse_recipe(desk.files["recipe.toml"], most=2)
    assert recipe.selects
    assert {(one.alpha, one.batch, one.cutoff) for one in recipe.lora} == {(32.0, 4, 4096)}
    for name in ("selection.toml", "score.py"):
        (tmp_path / name).write_text(desk.files[name], encoding="utf-8")
    chooser = load_selection(tmp_path)
    assert chooser.selection.episodes.best == 0.5
    assert chooser.selection.minimum == 30
    assert "look into a file before they write it" in chooser.selection.criteria
    assert "Look before you write" in chooser.score
    assert change(desk).startswith("share0.5 rank16-rate0.0005-epochs3 rank16-rate0.001-epochs3 - ")
    assert "no language model" in desk.files["method.md"]
    assert "no language model" in desk.files["analysis.md"]
    assert "> 50 turns" in desk.files["analysis.md"]
    assert {turn.model for turn in desk.turns} == {MODEL}


@pytest.mark.anyio
async def test_what_was_kept_is_gone_on_from_with_the_same_data() -> None:
    first = await reviewed(RecipeDesk())
    first.data["f" * 16] = "another one"
    first.data[HASH] = "share0.5: LOG turns"
    second = await reviewed(after(first, 1, "dropped", "kept"))
    assert parse_recipe(second.files["recipe.toml"], most=2).data == HASH
    assert points(second) == [Point(16, 2e-3, 3), Point(16, 1e-3, 6)]
    assert change(second).startswith("same-data rank16-rate0.002-epochs3 ")
    assert f"the data set {HASH} again" in second.files["analysis.md"]
    assert "`rank16-rate0.001-epochs3` kept" in second.files["analysis.md"]


@pytest.mark.anyio
async def test_after_a_drop_other_episodes_are_chosen_from_until_none_are_left() -> None:
    desk = await reviewed(RecipeDesk(strict=1000))
    desk.data[HASH] = "share1:"
    shares = [change(desk).split()[0]]
    for number in range(1, 5):
        desk = after(desk, number, "dropped", "dropped")
        desk.strict = 1000
        await reviewed(desk)
        shares.append(change(desk).split()[0])
    assert shares == ["share0.5", "share0.25", "share0.75", "share1", "same-data"]


@pytest.mark.anyio
async def test_a_training_that_failed_does_not_speak_against_its_data() -> None:
    first = await reviewed(RecipeDesk())
    first.data[HASH] = "share0.5:"
    second = await reviewed(after(first, 1, "refused"))
    assert parse_recipe(second.files["recipe.toml"], most=2).data == HASH


@pytest.mark.anyio
async def test_data_that_is_gone_is_selected_again() -> None:
    first = await reviewed(RecipeDesk())
    second = await reviewed(after(first, 1, "kept"))
    assert parse_recipe(second.files["recipe.toml"], most=2).selects
    assert change(second).startswith("share0.5 ")


@pytest.mark.anyio
async def test_no_point_is_tried_twice_and_the_end_is_said() -> None:
    desk = await reviewed(RecipeDesk(), 3)
    names = named_points(change(desk))
    for number in range(1, 10):
        desk = await reviewed(after(desk, number, "dropped"), 3)
        if not desk.finished:
            break
        names += named_points(change(desk))
    assert "Every point of the grid was tried" in desk.turns[-1].text
    assert len(names) == len(set(names)) >= 12


@pytest.mark.anyio
@pytest.mark.parametrize("most", [1, 2])
async def test_no_more_configurations_than_are_allowed(most: int) -> None:
    desk = await reviewed(RecipeDesk(most=most), 5)
    assert desk.finished
    assert len(points(desk)) == most
    assert len(named_points(change(desk))) == most


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("strict", "loose", "share", "own", "minimum"),
    [
        (60, 0, 0.5, True, 30),
        (59, 60, 0.5, False, 30),
        (0, 59, 1.0, False, 30),
        (0, 29, 1.0, False, 15),
        (0, 8, 1.0, False, 8),
    ],
)
async def test_where_few_turns_look_before_they_write_a_wider_selection_is_taken(
    strict: int, loose: int, share: float, own: bool, minimum: int
) -> None:
    desk = await reviewed(RecipeDesk(strict=strict, loose=loose))
    assert desk.finished
    table = tomllib.loads(desk.files["selection.toml"])
    assert (table["episodes"]["best"], table["minimum"]) == (share, minimum)
    assert ("Look before you write" in desk.files["score.py"]) == own
    assert ("scored by the score.py that was there" in table["criteria"]) != own
    refused = desk.files["analysis.md"].count("turns are fewer than")
    assert (refused > 0) != own


@pytest.mark.anyio
async def test_a_selection_without_a_turn_of_log_gives_way_to_one_that_takes_more() -> None:
    desk = await reviewed(RecipeDesk(log_share=0.0))
    assert desk.finished
    assert "Look before you write" not in desk.files["score.py"]
    assert "no turn of LOG is among its examples" in desk.files["analysis.md"]


@pytest.mark.anyio
async def test_where_hardly_a_turn_is_found_nothing_is_proposed() -> None:
    desk = await reviewed(RecipeDesk(strict=3, loose=7))
    assert not desk.finished
    assert "nothing is proposed" in desk.turns[-1].text
    assert "7 turns are fewer than 8" in desk.turns[-1].text


@pytest.mark.anyio
async def test_an_overlay_without_a_program_gets_the_rules_own() -> None:
    desk = RecipeDesk(strict=29)
    desk.files = {"recipe.toml": desk.files["recipe.toml"]}
    await reviewed(desk)
    assert desk.finished
    table = tomllib.loads(desk.files["selection.toml"])
    assert (table["minimum"], table["episodes"]["best"]) == (1, 0.5)


@pytest.mark.anyio
@pytest.mark.parametrize("text", ["lora = 3", "x =", "", "lora = []", "lora = [1]"])
async def test_a_recipe_that_cannot_be_read_is_an_error(text: str) -> None:
    desk = RecipeDesk()
    desk.files["recipe.toml"] = text
    with pytest.raises(MetaError, match=r"cannot read recipe\.toml as it stands"):
        await reviewed(desk)


@pytest.mark.anyio
async def test_a_selection_that_cannot_be_read_is_an_error() -> None:
    desk = RecipeDesk()
    desk.files["selection.toml"] = "minimum ="
    with pytest.raises(MetaError, match=r"cannot read selection\.toml"):
        await reviewed(desk)


@pytest.mark.anyio
async def test_a_desk_that_refuses_the_end_is_told_of() -> None:
    desk = RecipeDesk(tools=tuple([t for t in RecipeDesk().tools if t.name != "finish"]))
    await reviewed(desk)
    assert "The desk does not take the recipe" in desk.turns[-1].text


@pytest.mark.anyio
async def test_a_review_that_dies_anywhere_comes_to_the_same_end_with_the_same_calls() -> None:
    straight = await reviewed(RecipeDesk(strict=10, loose=40))
    for line in range(2, len(straight.lines)):
        desk = RecipeDesk(strict=10, loose=40, dies_after=line)
        with pytest.raises(KeyboardInterrupt):
            await reviewed(desk)
        again = RecipeDesk(strict=10, loose=40, files=dict(desk.files), lines=list(desk.lines))
        await reviewed(again)
        assert again.finished
        assert again.files == straight.files
        assert len(again.turns) == len(straight.turns)


@pytest.mark.anyio
async def test_it_takes_few_calls_and_never_more_than_there_are() -> None:
    desk = await reviewed(RecipeDesk())
    assert len(desk.turns) <= 20
    tight = RecipeDesk(budget=ReviewBudget(tool_calls=5))
    with pytest.raises(LimitReached):
        await RulesProvider().review(tight)


def test_points_are_named_in_a_way_that_reads_back() -> None:
    tried = (PRIOR, Point(1, 1.25e-5, 1), Point(512, 1.0, 50), Point(8, 5e-05, 2))
    assert named_points(change_line(0.25, tried)) == tried
    assert named_points("rank 16, learning rate 0.0005; rank16-rate-epochs3") == ()


def test_the_grid_stays_within_what_is_worth_trying() -> None:
    assert next_points(PRIOR, [], 3) == (PRIOR, Point(16, 1e-3, 3), Point(16, 5e-4, 6))
    largest = next_points(Point(512, 4e-3, 12), [], len(MOVES))
    assert max(point.rank for point in largest) == 512
    assert max(point.epochs for point in largest) == 12
    assert max(point.learning_rate for point in largest) <= 5e-3
    smallest = next_points(Point(1, 5e-5, 1), [], len(MOVES))
    assert min(point.rank for point in smallest) == min(point.epochs for point in smallest) == 1
    beyond = Point(16, 1e-2, 50)
    assert next_points(beyond, [], 1) == (beyond,)


def test_a_line_of_the_ledger_says_what_was_tried_and_what_came_of_it() -> None:
    change = "share0.25 rank16-rate0.0005-epochs3 rank8-rate1e-05-epochs1"
    line = f"- recipe 3, configuration 2 of 2: {change} - in words. kept: by 2"
    (found,) = tried_recipes(f"Settings such as rank 16.\n{line}\n")
    assert (found.share, found.verdicts) == (0.25, {2: "kept"})
    assert found.kept == Point(8, 1e-5, 1)
    assert tried_recipes("- recipe 4, configuration 1 of 1: by hand, rank 16. kept: x") == []
    assert next_share([]) == 0.5
    assert next_share([Tried(share=0.5, points=(PRIOR,), verdicts={1: "refused"})]) is None


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("- revision 2, attempt 1: shorter prompts. kept: by 2", False),
        ("- revision 2, attempt 1, continuation 1: kept: by 2", False),
        ("- revision 2, attempt 1: shorter prompts. dropped: what was kept: none", True),
        ("- revision 2, attempt 1: no proposal: nothing", True),
    ],
)
def test_with_a_scaffold_that_is_kept_the_grid_begins_again(line: str, holds: bool) -> None:
    recipe = f"- recipe 1, configuration 1 of 1: {change_line(0.5, [PRIOR])}. dropped: by 2"
    assert bool(tried_recipes(f"{recipe}\n{line}")) == holds
    assert len(tried_recipes(f"{line}\n{recipe}")) == 1


def operation(**more: object) -> dict[str, object]:
    fields = {"operation": "X", "kind": "append", "file": "log.txt", "outcome": "done"}
    return {**fields, **more}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("phase", "operations", "score"),
    [
        ("log", [operation(kind="search", led=True)], 1.25),
        ("log", [operation(lines=1, consulted=True)], 1.25),
        ("log", [operation(kind="search", led=True), operation(lines=1, consulted=True)], 1.25),
        ("log", [operation(lines=1, consulted=True), operation(lines=1)], None),
        ("log", [operation(lines=1, consulted=True, duplicate=True)], None),
        ("log", [operation(lines=1, consulted=True), operation(outcome="malformed")], None),
        ("log", [], None),
        ("plan", [operation(kind="search", hits=1)], 1.25),
        ("plan", [operation(kind="search", outcome="empty")], None),
    ],
)
async def test_the_rules_own_program_wants_looks_before_writes(
    tmp_path: Path, phase: str, operations: list[dict[str, object]], score: float | None
) -> None:
    names = ("id", "evaluation", "task", "role", "position", "shape", "reply")
    words = {**dict.fromkeys(names, "memory"), "position": "first", "phase": phase}
    numbers = ("seed", "step", "turn", "prompt_tokens", "reply_tokens", "before", "final", "rank")
    turn = msgspec.convert(
        {**words, **dict.fromkeys(numbers, 0), "gain": 0.25, "operations": operations}, Turn
    )
    source = text_of("recipe_score", "py")
    async with open_scorer(source, log=tmp_path / "score.log") as scorer:
        assert await scorer.score(turn) == score
