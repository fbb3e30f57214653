"""Pages and examples name what the run of the demo holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from automem.cli.demo_players import PLAYERS, demo_configs

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("p*/*/README.md")]
RUNS = {
    demo_configs(player, "42", None, None, Path("runs"))[0].run.name: known.scaffolds
    for player, known in PLAYERS.items()
}
_EPISODE = re.compile(r"automem \w+ (?:runs/)?(?P<run>demo[\w-]*) (?P<scaffold>crafter[\w-]*)/\d")
_EVALUATION = re.compile(r"\b(?P<run>demo[\w-]*):(?P<scaffold>crafter[\w-]*)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_an_episode_of_the_demo_has_a_scaffold_that_its_player_plays_with(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = [match for find in (_EPISODE, _EVALUATION) for match in find.finditer(text)]
    assert [match[0] for match in named if match["scaffold"] not in RUNS[match["run"]]] == []
