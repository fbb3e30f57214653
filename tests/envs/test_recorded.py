"""The recordings that come with the games, and the shipped scaffolds played dry over them."""

from __future__ import annotations

import asyncio

import pytest

from automem.episode.reader import open_trace
from automem.evaluate.candidate import check_candidate, recordings_of
from automem.plugins import load_plugins
from automem.records.jail import JailReport
from automem.records.trace import Asked, Remembered
from automem_envs.crafter.scaffolds import crafter_full, crafter_map, crafter_v0
from automem_envs.minihack.scaffolds import minihack_full, minihack_map, minihack_v0
from automem_envs.nethack.scaffolds import nethack_full, nethack_map, nethack_v0

SCAFFOLDS = {
    "crafter": (crafter_v0, crafter_map, crafter_full),
    "minihack": (minihack_v0, minihack_map, minihack_full),
    "nethack": (nethack_v0, nethack_map, nethack_full),
}


@pytest.mark.parametrize("game", SCAFFOLDS)
def test_a_recording_shows_its_game_and_nothing_of_an_agent(game: str) -> None:
    plugins = load_plugins()
    spec = plugins.get("environment", game)
    paths = recordings_of(game, plugins)
    assert {open_trace(path).started.info.task for path in paths} <= set(spec.tasks)
    for path in paths:
        trace = open_trace(path)
        assert trace.started.info.name == game
        assert trace.started.info.actions
        assert not [e for e in trace.events() if isinstance(e, Asked | Remembered)]
        assert {e.observed.position for e in trace.steps() if e.observed} == {None}
    assert sum(open_trace(path).count for path in paths) > 80


@pytest.mark.parametrize(
    ("game", "folder"), [(game, one) for game, folders in SCAFFOLDS.items() for one in folders]
)
def test_every_scaffold_plays_dry_over_them(game: str, folder) -> None:
    recorded = recordings_of(game, load_plugins())
    assert asyncio.run(check_candidate(folder(), recorded=recorded)) == []


@pytest.mark.parametrize("game", SCAFFOLDS)
def test_the_shipped_code_also_runs_where_only_monty_keeps_it_in(game: str) -> None:
    async def monty() -> JailReport:
        return JailReport(
            level="monty",
            probes={},
            refused={},
            python="3",
            kernel="0",
            architecture="x",
            landlock=0,
        )

    folder = SCAFFOLDS[game][-1]()
    recorded = recordings_of(game, load_plugins())
    assert asyncio.run(check_candidate(folder, recorded=recorded, prove=monty)) == []
