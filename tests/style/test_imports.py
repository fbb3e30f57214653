"""Names that are imported of ours are there, also in programs for an interpreter of their own.

No quick test can import those, which need torch, so a name that was moved would be missed by users.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .test_sources import ROOT, SOURCES, shown, tracked

ROOTS = [
    *(path for each in ("packages", "plugins") for path in (ROOT / each).glob("*/src")),
    *(ROOT / "plugins").glob("*"),
]
FILES = [*SOURCES, *tracked("tests/server", "benchmarks")]


@cache
def file_of(module: str) -> Path | None:
    """Where a module of ours lies; None for the others'."""
    parts = module.split(".")
    for root in ROOTS:
        place = root.joinpath(*parts)
        for path in (place / "__init__.py", place.with_suffix(".py")):
            if path.is_file():
                return path
    return None


@cache
def names_in(path: Path) -> set[str]:
    """What a module defines, assigns or imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {one.asname or one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def missing_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.level or not node.module:
            continue
        if not node.module.partition(".")[0].startswith("automem"):
            continue
        there = file_of(node.module)
        if there is None:
            yield f"{shown(path)}:{node.lineno}: no module {node.module}"
            continue
        known = names_in(there)
        for one in node.names:
            if one.name not in known and file_of(f"{node.module}.{one.name}") is None:
                yield f"{shown(path)}:{node.lineno}: no {one.name} in {node.module}"


def test_every_name_that_is_imported_of_ours_is_there() -> None:
    assert [problem for path in FILES for problem in missing_in(path)] == []
