"""What the loop itself tells a meta-LLM; each text is a Markdown file beside this module."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Literal

TextName = Literal["nudge", "cut_off", "shortened", "rest", "tools"]


@cache
def text(name: TextName) -> str:
    """One text, its placeholders unfilled."""
    folder = files("automem_meta.session") / "texts"
    return (folder / f"{name}.md").read_text(encoding="utf-8").strip()


def filled(name: TextName, count: int) -> str:
    """A text with its number."""
    return text(name).replace("{count}", str(count))


def count_in(name: TextName, said: str) -> int | None:
    """The number with which `said` was filled from a text; None where it is another text."""
    pattern = re.escape(text(name)).replace(re.escape("{count}"), r"(\d+)")
    found = re.fullmatch(pattern, said.strip())
    return int(found.group(1)) if found else None
