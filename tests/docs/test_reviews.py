"""The page about reviews lists every tool and every edit there is."""

from pathlib import Path

from automem.review.overlay import MOST_BYTES, MOST_TOTAL
from automem.review.scaffolds.form import TOOLS
from automem_train.reviewing.form import recipe_form
from automem_train.reviewing.work import RecipeWork

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "reviews.md").read_text(encoding="utf-8")


def test_every_tool_is_listed_in_its_order() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows[: len(TOOLS)]] == [tool.name for tool in TOOLS]
    assert f"{MOST_BYTES // 1024} KiB a file and {MOST_TOTAL // 1024**2} MiB together" in PAGE


def test_every_tool_of_a_recipe_s_review_is_listed() -> None:
    shared = {tool.name for tool in TOOLS}
    tools = [tool.name for tool in recipe_form(RecipeWork(environment="toy")).tools]
    more = PAGE.partition("| more tools | do |")[2].splitlines()[2:]
    assert [row.split("`")[1] for row in more[: len(tools) - len(shared)]] == [
        name for name in tools if name not in shared
    ]
