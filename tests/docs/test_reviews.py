"""The page about reviews lists every tool and every edit there is."""

from pathlib import Path

from automem.review.overlay import MOST_BYTES, MOST_TOTAL
from automem.review.scaffolds.form import TOOLS

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "reviews.md").read_text(encoding="utf-8")


def test_every_tool_is_listed_in_its_order() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows[: len(TOOLS)]] == [tool.name for tool in TOOLS]
    assert f"{MOST_BYTES // 1024} KiB a file and {MOST_TOTAL // 1024**2} MiB together" in PAGE
