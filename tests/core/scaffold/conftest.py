"""A small scaffold in a folder of its own, to be changed and loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from automem.records.environment import EnvironmentInfo

MANIFEST = """\
# A small scaffold.
name = "small"  # its name
summary = "For tests."
environment = "toy"

[files."map.txt"]
purpose = "The map."
key = { shape = "x,y", pattern = "[0-9]+,[0-9]+" }

[files."notes.txt"]
purpose = "Notes."

[[operation]]
name = "SEARCH"
kind = "search"
phases = ["log", "plan"]

[[operation]]
name = "UPSERT_MAP"
kind = "upsert"
file = "map.txt"
help = "sets a place"

[[inject]]
slot = "notes"
file = "notes.txt"

[actions]
fallback = "wait"
spelling = { "Wait" = "wait" }
"""
PROMPTS = {
    "system.md": "{{ instructions }}\n{{ vocabulary }}\n",
    "log.md": "{{ operations }}\n{{ action }}\n{{ observation }}\n",
    "log_continue.md": "{{ results }}\n",
    "plan.md": "{{ operations }}\n{{ slots.notes }}\n{{ observation }}\n",
    "plan_continue.md": "{{ results }}\n",
    "handoff.md": "Play.\n{{ results }}",
}


@pytest.fixture
def info() -> EnvironmentInfo:
    return EnvironmentInfo(name="toy", actions=("wait", "go"))


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def make(
        changes: Mapping[str, str | None] | None = None, *, name: str = "small", more: str = ""
    ) -> Path:
        """Write the scaffold; `changes` replaces or (None) removes files, `more` ends the TOML."""
        texts: dict[str, str | None] = {
            "scaffold.toml": MANIFEST,
            "files/notes.txt": "seed\n",
            **{f"prompts/{file}": text for file, text in PROMPTS.items()},
            **(changes or {}),
        }
        if more:
            texts["scaffold.toml"] = f"{texts['scaffold.toml']}\n{more}\n"
        for file, text in texts.items():
            if text is not None:
                path = tmp_path / name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="")
        return tmp_path / name

    return make


@pytest.fixture
def edited() -> Callable[[str, str], dict[str, str | None]]:
    def edit(old: str, new: str) -> dict[str, str | None]:
        """The manifest with one stretch replaced, as a change for `folder`."""
        assert MANIFEST.count(old) == 1
        return {"scaffold.toml": MANIFEST.replace(old, new)}

    return edit
