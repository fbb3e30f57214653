"""What a review may see of the run around it."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from automem.errors import ConfigError, EvaluationError, RunError
from automem.evaluate.behaviour.ratios import RATIOS
from automem.records.review import ReviewBudget, ReviewTask
from automem.review.measuring import meanings
from automem.review.scaffolds.brief import instructions
from automem.review.scaffolds.reference import GUIDE, copy_guide, guide, reference
from automem.testing.reviews import Reviews, refusal_of, text_of

pytestmark = pytest.mark.anyio
RUN = '[run]\nname = "toy"\n[environment]\nname = "toy"\n'
ROOT = Path(__file__).resolve().parents[3]


def test_the_guide_in_the_package_is_that_of_the_docs() -> None:
    said = "run: python -m automem.review.scaffolds.reference"
    assert guide() == (ROOT / GUIDE).read_text(encoding="utf-8"), said


def test_the_guide_is_copied_from_the_docs(tmp_path: Path) -> None:
    (tmp_path / GUIDE).parent.mkdir(parents=True)
    (tmp_path / GUIDE).write_text("# Scaffolds", encoding="utf-8")
    assert copy_guide(tmp_path, tmp_path).read_text(encoding="utf-8") == "# Scaffolds"


def test_the_reference_names_the_values_that_a_key_may_have() -> None:
    text = reference()
    for said in (
        "`Dedupe = Literal['off', 'exact', 'near']`",
        "`Kind = Literal['read', 'search',",
        "`FileStatus`: One file of the memory folder",
        "- `keep_last: Count` - How many of the last lines stay.",
    ):
        assert said in text
    assert "OperationResult" not in text


def test_a_budget_is_told_in_words() -> None:
    every = ReviewBudget(turns=3, tool_calls=4, tokens=5000, cost=2.5, seconds=60.0)
    assert "3 turns, 4 tool calls, 5,000 tokens, $2.5, 1 minutes" in instructions(
        every, memory_only=False
    )
    none = ReviewBudget(turns=None, tool_calls=None, seconds=None)
    assert "Your budget: no limit." in instructions(none, memory_only=False)


def test_every_measure_has_its_meaning_in_plain_words() -> None:
    assert list(meanings()) == [ratio.name for ratio in RATIOS]


@pytest.mark.parametrize("seeds", ["report = [2]", "train = [1]"])
async def test_seeds_kept_for_training_and_report_are_never_seen(
    reviews: Reviews, seeds: str
) -> None:
    text = reviews.run.config.read_text(encoding="utf-8")
    key = seeds.split()[0]
    lines = [line for line in text.partition("[seeds]")[2].splitlines() if " = " in line]
    assert any(line.startswith(key) for line in lines)
    other = f'[seeds]\nsearch = "7"\n{seeds}\n'
    reviews.run.config.write_text(RUN + other, encoding="utf-8")
    with pytest.raises(ConfigError, match="kept for training or for the report"):
        async with reviews.open():
            pass


async def test_a_task_that_names_what_is_not_there_is_refused(reviews: Reviews) -> None:
    task = msgspec.structs.replace(reviews.task, evaluations=("nothing",))
    with pytest.raises(EvaluationError, match="cannot be read"):
        async with reviews.open(task):
            pass
    with pytest.raises(RunError, match="no copy of the scaffold"):
        async with reviews.open(ReviewTask(incumbent="", evaluations=()), number=2):
            pass


async def test_a_damaged_transcript_is_told_with_its_line(reviews: Reviews) -> None:
    async with reviews.open():
        pass
    path = reviews.folder() / "transcript.jsonl"
    content = path.read_bytes()
    path.write_bytes(b"{}\n" + content)
    with pytest.raises(RunError, match="line 1"):
        async with reviews.open():
            pass
    path.write_bytes(content.partition(b"\n")[2])
    with pytest.raises(RunError, match="does not begin"):
        async with reviews.open():
            pass


async def test_a_continuation_begins_with_the_refused_change_and_its_result(
    reviews: Reviews,
) -> None:
    async with reviews.open() as first:
        await text_of(first, "write", path="files/signs.txt", text="Signs:")
        await text_of(first, "write", path="analysis.md", text="No header.")
        await text_of(first, "write", path="method.md", text="Add a header.")
        await text_of(first, "finish")
    task = msgspec.structs.replace(
        reviews.task,
        attempt=2,
        continuation=True,
        previous_change="A header of signs.txt.",
        previous_result="Dropped: mean difference -2.0 over 4 seeds.",
        failed_overlay=str((reviews.folder() / "overlay").relative_to(reviews.run.path)),
        ledger=("001-a dropped: Add a header.",),
        memory_only=True,
    )
    async with reviews.open(task, number=2) as desk:
        assert "Signs:" in await text_of(desk, "read", path="files/signs.txt")
        assert "Signs:" in await text_of(desk, "read", path="failed/files/signs.txt")
        assert "no file" in await refusal_of(desk, "read", path="incumbent/files/signs.txt")
        assert "No header." in await text_of(desk, "read", path="tried/001-a/analysis.md")
        assert 'name = "toy-r1b"' in await text_of(desk, "read", path="scaffold.toml")
    assert "You go on from a change that was refused" in desk.brief
    assert "Dropped: mean difference -2.0" in desk.brief
    assert "001-a dropped" in desk.brief
    assert "tried/001-a/method.md" in desk.brief
    assert "both results are told" in desk.instructions


async def test_a_fresh_attempt_is_told_not_to_repeat_what_was_tried(reviews: Reviews) -> None:
    task = msgspec.structs.replace(reviews.task, attempt=2, ledger=("a header: dropped",))
    async with reviews.open(task) as desk:
        pass
    assert "do not repeat what was tried" in desk.brief
    later = msgspec.structs.replace(reviews.task, revision=2)
    async with reviews.open(later, number=2) as desk:
        pass
    assert "improved before and holds now" in desk.brief


async def test_a_refused_change_that_cannot_be_read_is_shown_all_the_same(
    reviews: Reviews,
) -> None:
    async with reviews.open() as first:
        await text_of(first, "write", path="scaffold.toml", text="[broken")
    path = str((reviews.folder() / "overlay").relative_to(reviews.run.path))
    task = msgspec.structs.replace(reviews.task, continuation=True, failed_overlay=path)
    (reviews.folder() / "overlay" / "prompts" / "odd.md").write_bytes(b"\xff\xfe")
    (reviews.run.path / path / "prompts" / "odd.md").unlink()
    async with reviews.open(task, number=2) as desk:
        assert "[broken" in await text_of(desk, "read", path="scaffold.toml")
        assert "[broken" in await text_of(desk, "read", path="failed/scaffold.toml")
        await text_of(desk, "write", path="scaffold.toml", text='name = "mended"')


async def test_several_evaluations_have_letters_and_say_what_they_are(reviews: Reviews) -> None:
    key = reviews.evaluation.key
    other = reviews.run.evaluation("other")
    plan = msgspec.json.decode(reviews.run.evaluation(key).plan.read_bytes())
    other.path.mkdir()
    other.plan.write_bytes(msgspec.json.encode({**plan, "scaffold": "0" * 16}))
    third = reviews.run.evaluation("third")
    third.path.mkdir()
    third.plan.write_bytes(msgspec.json.encode({**plan, "scaffold": "1" * 16}))
    task = msgspec.structs.replace(
        reviews.task, evaluations=(key, "third"), failed_evaluations=("other",)
    )
    async with reviews.open(task) as desk:
        table = await text_of(desk, "episodes")
        assert "B: another scaffold, toy, 0 episodes" in table
        assert "C: the refused change, toy, 0 episodes" in table
        assert await text_of(desk, "metric", by="memory", evaluation="A")


async def test_measures_that_no_result_holds_come_from_the_trace(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        kept = await text_of(desk, "metric", by="episode", form="json")
    for path in reviews.run.path.rglob("result.json"):
        result = msgspec.json.decode(path.read_bytes())
        path.write_bytes(msgspec.json.encode({**result, "behaviour": None, "achievements": {}}))
    async with reviews.open(number=2) as desk:
        assert await text_of(desk, "metric", by="episode", form="json") == kept
        assert "achieved" not in await text_of(desk, "episodes")


async def test_only_the_last_few_episodes_stay_in_memory(reviews: Reviews) -> None:
    keys = [reviews.evaluation.key]
    first = reviews.run.evaluation(keys[0])
    for number in range(2):
        keys.append(f"more{number}")
        shutil.copytree(first.path, reviews.run.evaluation(keys[-1]).path)
    task = msgspec.structs.replace(reviews.task, evaluations=tuple(keys))
    async with reviews.open(task) as desk:
        found = await text_of(desk, "grep", pattern="A sign says", path="episodes")
        again = await text_of(desk, "grep", pattern="A sign says", path="episodes")
    assert found == again
    assert "episodes/C2/text" in found
