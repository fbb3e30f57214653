"""The page of hooks names every hook with exactly its arguments."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from automem import hooks

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "hooks.md"


def in_the_code() -> dict[str, str]:
    found: dict[str, str] = {}
    for name, function in inspect.getmembers(hooks, inspect.isfunction):
        if name.startswith("automem_"):
            found[name] = ", ".join(inspect.signature(function).parameters)
    return found


def on_the_page() -> dict[str, str]:
    text = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r"^### `(automem_\w+)\(([^)]*)\)`$", text, flags=re.MULTILINE))


def test_every_hook_is_documented_with_exactly_its_arguments() -> None:
    assert len(in_the_code()) == 11
    assert on_the_page() == in_the_code()
