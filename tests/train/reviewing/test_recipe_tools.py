"""What only a review of a recipe can do: look at turns, try a selection, write three files."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automem.errors import DataError
from automem.records.review import ToolCall
from automem.review.overlay import Overlay
from automem.review.refusal import ToolRefusal
from automem.review.transcript import open_transcript
from automem.run.layout import RunFolder
from automem.testing.reviews import Reviews, refusal_of, text_of
from automem_train.reviewing.files import NAMES, RECIPE_FILES, recipe_texts
from automem_train.reviewing.form import recipe_form

from .conftest import WORK, RecipeReviews

pytestmark = pytest.mark.anyio
CHOOSING = 'criteria = "all"\nminimum = {minimum}\n'
ALL = "def score(turn):\n    return 1\n"


def matching(text: str) -> int:
    return int(text.partition(" ")[0])


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 57),
        ({"phase": "plan"}, 12),
        ({"shape": "plan/*"}, 12),
        ({"operation": "search"}, 12),
        ({"file": "signs.txt"}, 24),
        ({"episode": "a2"}, 19),
        ({"words": "ROOM 1: red"}, 2),
        ({"duplicate": "yes"}, 33),
        ({"duplicate": "no"}, 24),
        ({"consulted": "yes"}, 0),
        ({"led": "no", "failed": "no", "reread": "yes"}, 45),
        ({"least_gain": 0.99}, 12),
        ({"most_gain": 0.99}, 45),
        ({"least_rank": 0.5}, 0),
        ({"phase": "log", "operation": "SEARCH"}, 0),
    ],
)
async def test_turns_are_counted_by_what_they_are(
    recipes: RecipeReviews, filters: dict[str, Any], count: int
) -> None:
    async with recipes.open() as desk:
        text = await text_of(desk, "turns", **filters)
    assert matching(text) == count
    rows = [line for line in text.splitlines() if re.match(r"(log|plan)/\S+ \| ", line)]
    assert sum(int(row.split(" | ")[1]) for row in rows) == count


async def test_counts_are_by_any_fact_and_examples_are_paged(recipes: RecipeReviews) -> None:
    async with recipes.open() as desk:
        for by, value in (
            ("phase", "plan | 12 |"),
            ("position", "first | 57 |"),
            ("operation", "APPEND | 45 | 57 |"),
            ("file", "signs.txt | 24 |"),
            ("outcome", "done | 57 |"),
            ("episode", "A3 | 19 |"),
            ("stratum", "plan/first+log <256 | 12 |"),
        ):
            assert value in await text_of(desk, "turns", by=by, examples=0)
        first = await text_of(desk, "turns", examples=3)
        second = await text_of(desk, "turns", examples=3, first=3)
        last = await text_of(desk, "turns", examples=50, first=56)
        assert "no episode" in await refusal_of(desk, "turns", episode="B1")
        assert "wrong" in await refusal_of(desk, "turns", by="wrong")
    assert "go on with first=3" in first
    assert "turns 4 to 6 of 57" in second
    assert not set(ids(first)) & set(ids(second))
    assert len(ids(last)) == 1
    assert "go on" not in last


def ids(text: str) -> list[str]:
    return re.findall(r"^\S+/default/\d+/\d+/(?:log|plan)/\d+", text, re.MULTILINE)


async def test_a_turn_is_shown_whole_with_what_would_be_learned_of_it(
    recipes: RecipeReviews,
) -> None:
    async with recipes.open() as desk:
        (log, *_), (plan, *_) = [
            ids(await text_of(desk, "turns", phase=phase, examples=1)) for phase in ("log", "plan")
        ]
        text = await text_of(desk, "turn", id=plan)
        assert "Now: A door. It asks for the color of its sign." in text
        assert "## Reply\n<|SEARCH|>signs.txt|room 1:<|END|>" in text
        assert "1: room 1: red" in text
        assert "The reply as it is." in text
        assert "Action: say red, reward +1" in text.partition("## What came after")[2]
        assert "# Step 6" in text
        assert "# Step 7" not in text
        assert "Instructions: as in every" in text
        short = await text_of(desk, "turn", id=log, after=0, system=True)
        assert "## Instructions\n" in short
        assert "# Step 2" not in short
        refused = await refusal_of(desk, "turn", id=plan.replace("/plan/0", "/plan/1"))
        assert "is no memory turn" in refused
        assert "is no id of a turn" in await refusal_of(desk, "turn", id="A1/3")
        other = "0" * 16 + plan[16:]
        assert "no episode of this review" in await refusal_of(desk, "turn", id=other)


async def test_a_consultation_of_two_models_is_shown_with_what_is_cut_from_it(
    two_models: RunFolder, recipes: RecipeReviews
) -> None:
    evaluation = next(iter(two_models.evaluations())).path
    shutil.copytree(evaluation, recipes.run.evaluation(evaluation.name).path)
    task = msgspec.structs.replace(recipes.task, evaluations=(evaluation.name,))
    async with recipes.open(task=task) as desk:
        bare = await text_of(desk, "turns", phase="plan", words="HANDOFF", examples=1)
        text = await text_of(desk, "turn", id=ids(bare)[0])
        assert "asked of the memory role" in text
        assert "It has none." in text
        assert "Nothing: drop_without_operation refuses it." in text


async def test_a_selection_is_tried_without_anything_being_written(
    recipes: RecipeReviews,
) -> None:
    async with recipes.open() as desk:
        text = await text_of(desk, "select")
        again = await text_of(desk, "select")
        other = await text_of(desk, "select", seed=1)
    assert text == again
    assert "The selection reaches its minimum." in text
    for said in (
        "57 turns, 24 chosen (0 by their ids), 24 examples",
        "refused: no_score 33",
        "log/first | 45 | 12 | 12 | 50 %",
        "3 of 3 have an example, as concentrated as 3.0 equal ones",
        "operations learned: APPEND 15, SEARCH 12",
        "10 examples drawn by chance",
    ):
        assert said in text
    assert len(ids(text)) == 10
    assert set(ids(other)) != set(ids(text))
    assert [path.name for path in recipes.run.data.iterdir()] == ["turns"]


@pytest.mark.parametrize(
    ("selection", "score", "said"),
    [
        (CHOOSING.format(minimum=1), None, "chooses nothing"),
        (CHOOSING.format(minimum=1), "import os\n", "os"),
        (CHOOSING.format(minimum=1), "def other(turn):\n    return 1\n", "def score(turn)"),
        (CHOOSING.format(minimum=1), "def score(turn):\n    return 1 / 0\n", "failed for 51"),
        (CHOOSING.format(minimum=500), ALL, "gives 57 examples, and its minimum is 500"),
        (CHOOSING.format(minimum=1), "def score(turn):\n    return None\n", "gives 0 examples"),
        ('criteria = "x"\n[[include]]\nid = "no"\nreason = "x"\n', ALL, "not in the table"),
        ("criteria = 3", ALL, "Expected `str`"),
        ("[" * 5000, ALL, "selection.toml"),
        ("a." * 40_000 + "b = 1", ALL, "a key has more than"),
        (None, ALL, "selection.toml cannot be read"),
    ],
    ids=[
        "no score",
        "forbidden",
        "no function",
        "fails",
        "too few",
        "none",
        "ids",
        "type",
        "deep",
        "long key",
        "missing",
    ],
)
async def test_what_is_wrong_with_a_selection_is_told(
    recipes: RecipeReviews, selection: str | None, score: str | None, said: str
) -> None:
    async with recipes.open() as desk:
        for name, text in (("selection.toml", selection), ("score.py", score)):
            if text is None:
                await text_of(desk, "delete", path=name)
            else:
                await text_of(desk, "write", path=name, text=text)
        problems = await text_of(desk, "check")
        assert said in problems
        assert "does not pass" in problems
        assert str(recipes.run.path) not in problems
        assert "Traceback" not in problems


@pytest.mark.parametrize(
    "path", ["scaffold.toml", "prompts/log.md", "code.py", "../x", "data/x", "recipe.toml/x", ""]
)
async def test_nothing_but_the_recipe_and_its_reports_can_be_written(
    recipes: RecipeReviews, path: str
) -> None:
    async with recipes.open() as desk:
        before = sorted(recipes.run.path.rglob("*"))
        for name, more in (("write", {"text": "x"}), ("delete", {})):
            assert f"allowed are {', '.join(NAMES)}" in await refusal_of(
                desk, name, path=path, **more
            )
        assert sorted(recipes.run.path.rglob("*")) == before
        assert "must stay" in await refusal_of(desk, "delete", path="recipe.toml")


def test_links_and_what_is_no_text_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="utf-8")
    folder = tmp_path / "review" / "overlay"
    folder.mkdir(parents=True)
    (folder / "score.py").symlink_to(secret)
    with pytest.raises(ToolRefusal, match="a link on its way"):
        Overlay(folder, RECIPE_FILES).write("score.py", "y")
    with pytest.raises(DataError, match="is a link"):
        recipe_texts(folder)
    (folder / "score.py").unlink()
    (folder / "score.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read"):
        recipe_texts(folder)
    (folder / "score.py").write_bytes(b"x" * 1_048_577)
    with pytest.raises(DataError, match="shorten it"):
        recipe_texts(folder)


TOOLS = recipe_form(WORK).tools
FIELDS = sorted({name for tool in TOOLS for name in tool.arguments.__struct_fields__} - {"code"})
ODD = st.sampled_from(
    ["recipe.toml", "tried/", "log/*", "[", "*" * 30, "A1", "yes", "\x00", "a/b/1/2/log/0", "-1"]
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    ODD,
    st.text(alphabet=st.characters(), max_size=6),
    st.lists(ODD, max_size=2),
)
CALLS = st.builds(
    ToolCall,
    id=st.just("1"),
    name=st.sampled_from(["turns", "turn", "data", "list", "read", "write", "delete", "edit"]),
    arguments=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=st.lists(CALLS, min_size=1, max_size=8))
def test_any_call_is_answered_and_can_be_read_back(
    recipes: RecipeReviews, calls: list[ToolCall]
) -> None:
    async def sit(reviews: Reviews) -> None:
        async with reviews.open(form=recipe_form(WORK)) as desk:
            for call in calls:
                assert len((await desk.call(call)).text) < 20_000
        assert open_transcript(desk.folder / "transcript.jsonl").events == desk.events

    with tempfile.TemporaryDirectory() as folder:
        anyio.run(sit, recipes.reviews.copy(Path(folder) / "toy"))
