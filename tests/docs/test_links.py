"""Every link inside the repository leads somewhere, and named functions are where it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("packages/*/README.md"),
        *ROOT.glob("plugins/*/README.md"),
    ]
)
LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+)\)")
FENCED = re.compile(r"^ *(`{3,}).*?^ *\1\s*$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"^`(?:[A-Z]\w*\.)?(?P<name>[A-Za-z_]\w*)`$")


def links(page: Path) -> list[tuple[str, str]]:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    found = [(match["text"], match["target"]) for match in LINK.finditer(text)]
    return [(text, target) for text, target in found if not target.startswith(("http", "mailto"))]


def headings(page: Path) -> set[str]:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    lines = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    kept = [re.sub(r"[^\w\- ]", "", line.lower()) for line in lines]
    return {line.strip().replace(" ", "-") for line in kept}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_links_to_what_exists(page: Path) -> None:
    wrong: list[str] = []
    for text, target in links(page):
        path, _, anchor = target.partition("#")
        aim = (page.parent / path).resolve() if path else page
        if not aim.exists():
            wrong.append(f"{target} does not exist")
        elif anchor and anchor not in headings(aim):
            wrong.append(f"{target} has no such heading")
        elif aim.suffix == ".py" and (named := NAME.match(text)):
            name = named["name"]
            source = aim.read_text(encoding="utf-8")
            if not re.search(rf"^\s*(?:async )?(?:def|class) {name}\b", source, re.MULTILINE):
                wrong.append(f"{target} defines no {name}")
    assert wrong == []
