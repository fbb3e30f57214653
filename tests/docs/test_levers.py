"""The table of levers points at text that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guide" / "levers.md"
_ROW = re.compile(
    r"^\| ([^|]+) \| ([MPA, ]+) \| `([\w-]+)` \| `([\w./]+)` \| `(.+)` \|$", re.MULTILINE
)


def rows() -> list[tuple[str, ...]]:
    return _ROW.findall(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("lever", "kinds", "scaffold", "file", "where"), rows())
def test_a_lever_is_where_the_table_says(
    lever: str, kinds: str, scaffold: str, file: str, where: str
) -> None:
    envs = ROOT / "packages" / "automem-envs" / "src" / "automem_envs"
    (folder,) = envs.glob(f"*/scaffolds/{scaffold}")
    assert where in (folder / file).read_text(encoding="utf-8")
    assert set(kinds) <= set("MPA, ")


def test_every_class_and_every_scaffold_has_levers() -> None:
    found = rows()
    assert len(found) == PAGE.read_text(encoding="utf-8").count("\n| ") - 1
    assert {kind for row in found for kind in row[1].split(", ")} == {"M", "P", "A"}
    assert {row[2] for row in found} == {"crafter-full", "minihack-full", "nethack-full"}
