"""What may be written, and what ends a review."""

from pathlib import Path

import pytest

from automem.errors import RunError
from automem.review.overlay import MOST_BYTES, MOST_FILES, Overlay
from automem.review.refusal import ToolRefusal
from automem.review.scaffolds.changes import changed, memory_changes
from automem.review.scaffolds.files import SCAFFOLD_FILES
from automem.scaffold.content import texts
from automem.testing.reviews import Reviews, refusal_of, text_of, use
from automem.testing.toy import toy_scaffold

pytestmark = pytest.mark.anyio


async def test_files_of_the_scaffold_are_written_edited_and_removed(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        await text_of(desk, "write", path="files/signs.txt", text="Signs:\r\n")
        await text_of(desk, "write", path="./prompts/extra.md", text="More.")
        await text_of(desk, "edit", path="prompts/extra.md", old="More", new="Less")
        said = await text_of(desk, "edit", path="prompts/extra.md", old="More", new="Less")
        assert "already" in said
        assert "Less." in await text_of(desk, "read", path="prompts/extra.md")
        await text_of(desk, "delete", path="prompts/extra.md")
        assert "no file prompts/extra.md" in await refusal_of(
            desk, "delete", path="prompts/extra.md"
        )
        assert "no file" in await refusal_of(desk, "edit", path="code.py", old="a", new="b")
        assert "does not hold that text" in await refusal_of(
            desk, "edit", path="scaffold.toml", old="no such text", new=""
        )
        assert "give more of its surroundings" in await refusal_of(
            desk, "edit", path="scaffold.toml", old="phases", new="phase"
        )
        many = await text_of(
            desk, "edit", path="scaffold.toml", old='"log", "plan"', new='"log"', everywhere=True
        )
    assert "in 2 places" in many
    overlay = reviews.folder() / "overlay"
    assert (overlay / "files" / "signs.txt").read_bytes() == b"Signs:\n"


@pytest.mark.parametrize(
    "path",
    [
        "../escape.txt",
        "prompts/../../escape.md",
        "/tmp/escape.md",
        "prompts/.hidden.md",
        "prompts/deep/er.md",
        "prompts/log.txt",
        "files/a/b.txt",
        "files/.x",
        "files/",
        "run.toml",
        "transcript.jsonl",
        "brief.md",
        "overlay/scaffold.toml",
        "",
        "code.py/x",
    ],
)
async def test_nothing_else_can_be_written_or_removed(reviews: Reviews, path: str) -> None:
    async with reviews.open() as desk:
        before = sorted(reviews.run.path.rglob("*"))
        for name, more in (("write", {"text": "x"}), ("delete", {})):
            assert "cannot be written" in await refusal_of(desk, name, path=path, **more)
    after = sorted(reviews.run.path.rglob("*"))
    assert after == before


async def test_no_binary_no_giant_no_crowd(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        for text, said in (
            ("a\x00b", "control character"),
            ("\x1b[2J", "control character"),
            ("\ud800", "no character"),
            ("x" * (MOST_BYTES + 1), f"{MOST_BYTES} are allowed"),
        ):
            assert said in await refusal_of(desk, "write", path="code.py", text=text)
        for number in range(12):
            answer = await use(desk, "write", path=f"files/{number}.txt", text="y" * MOST_BYTES)
        assert "all files would have" in answer.text
        for number in range(12):
            await use(desk, "write", path=f"files/{number}.txt", text="")
        for number in range(MOST_FILES):
            answer = await use(desk, "write", path=f"files/b{number}.txt", text="")
        assert "delete one first" in answer.text
        assert "must stay" in await refusal_of(desk, "delete", path="scaffold.toml")


def test_a_link_is_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = tmp_path / "review" / "overlay"
    folder.mkdir(parents=True)
    (folder / "scaffold.toml").write_text('name = "x"', encoding="utf-8")
    (folder / "files").symlink_to(outside)
    overlay = Overlay(folder, SCAFFOLD_FILES)
    with pytest.raises(ToolRefusal, match="a link on its way"):
        overlay.write("files/x.txt", "x")
    (folder.parent / "analysis.md").symlink_to(outside / "secret")
    with pytest.raises(ToolRefusal, match="a link on its way"):
        overlay.write("analysis.md", "x")
    assert overlay.reports() == {}
    assert list(outside.iterdir()) == []


async def test_the_end_is_accepted_only_when_everything_is_delivered(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        nothing = await refusal_of(desk, "finish")
        assert "analysis.md is missing" in nothing
        assert "method.md is missing" in nothing
        assert "nothing differs from incumbent/" in nothing
        await text_of(desk, "write", path="analysis.md", text="x")
        await text_of(desk, "write", path="method.md", text="x")
        await text_of(desk, "write", path="prompts/plan.md", text="no")
        plan = await refusal_of(desk, "finish")
        assert "no change is one of memory" in plan
        await text_of(desk, "write", path="files/signs.txt", text="Signs:")
        broken = await refusal_of(desk, "finish")
        assert "prompts/plan.md" in broken
        assert broken.partition("\n")[2] == (await text_of(desk, "check")).partition("\n")[2]
        plan = desk.place.library.text("incumbent/prompts/plan.md")
        await text_of(desk, "write", path="prompts/plan.md", text=plan)
        assert "passes" in await text_of(desk, "check")
        await text_of(desk, "finish")


async def test_the_check_says_what_is_wrong_without_paths_of_the_machine(
    reviews: Reviews,
) -> None:
    async with reviews.open() as desk:
        await text_of(desk, "edit", path="scaffold.toml", old='name = "toy-', new='nam = "toy-')
        said = await text_of(desk, "check")
        assert "did you mean" in said
        assert str(reviews.run.path) not in said
        await text_of(desk, "write", path="scaffold.toml", text="[broken")
        assert "no valid TOML" in await text_of(desk, "check")
        assert "broken" in await text_of(desk, "read", path="scaffold.toml")
        manifest = desk.place.library.text("incumbent/scaffold.toml")
        await text_of(desk, "write", path="scaffold.toml", text=manifest)
        assert "parent must stay" in await text_of(desk, "check")


async def test_the_overlay_has_its_own_name_and_knows_its_parent(reviews: Reviews) -> None:
    async with reviews.open(number=2) as desk:
        manifest = await text_of(desk, "read", path="scaffold.toml")
    assert 'name = "toy-r1b"' in manifest
    assert f'parent = "{reviews.task.incumbent}"' in manifest


def test_changes_of_memory_are_told_from_others() -> None:
    before = texts(toy_scaffold())

    def after(name: str, old: str, new: str) -> dict[str, str]:
        assert old in before.get(name, "")
        return {**before, name: before.get(name, "").replace(old, new)}

    renamed = after("scaffold.toml", 'name = "toy"', 'name = "other"')
    assert changed(before, renamed) == []
    kept = after("scaffold.toml", "keep_last = 10", "keep_last = 11")
    assert changed(before, kept) == ["scaffold.toml"]
    assert memory_changes(before, kept) == ["scaffold.toml: files"]
    assert memory_changes(before, after("scaffold.toml", "log_turns = 3", "log_turns = 2"))
    assert memory_changes(before, after("prompts/log.md", "LOG.", "LOG!"))
    assert not memory_changes(before, after("prompts/plan.md", "PLAN.", "PLAN!"))
    assert memory_changes(before, {**before, "files/log.txt": "x"}) == ["files/log.txt"]
    guard = {**before, "code.py": "def guard(context, action):\n    return None\n"}
    assert (changed(before, guard), memory_changes(before, guard)) == (["code.py"], [])
    remember = {**before, "code.py": "def remember(context):\n    return None\n"}
    assert memory_changes(before, remember) == ["code.py: remember"]
    assert memory_changes(before, {**before, "code.py": "def ("}) == ["code.py: remember"]
    variant = {**before, "scaffold.toml": before["scaffold.toml"] + VARIANT}
    assert memory_changes(before, variant) == ['scaffold.toml: variants."*other*"']
    named = {**variant, "prompts/x.md": "LOG."}
    assert memory_changes(variant, named) == ["prompts/x.md"]
    unreadable = {**before, "scaffold.toml": "["}
    assert changed(before, unreadable) == ["scaffold.toml"]
    odd = {**before, "scaffold.toml": "variants = 3\nprompts = 3"}
    assert "scaffold.toml: files" in memory_changes(before, odd)


VARIANT = """
[variants."*other*".limits]
log_turns = 2
[variants."*other*".prompts]
log = "x.md"
"""


@pytest.mark.parametrize("linked", ["overlay", "."])
async def test_an_overlay_that_is_a_link_is_not_worked_on(
    reviews: Reviews, tmp_path: Path, linked: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = reviews.folder() / linked
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(elsewhere)
    with pytest.raises(RunError, match="remove the link"):
        async with reviews.open():
            pass
    assert not list(elsewhere.iterdir())
