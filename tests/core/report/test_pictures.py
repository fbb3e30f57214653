"""Pictures come from playing the recorded actions again, and only if the game is the same."""

from __future__ import annotations

import gzip
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import msgspec
import pytest

from automem.episode.reader import open_trace
from automem.episode.writing import TraceWriter
from automem.errors import ReplayMismatch
from automem.plugins import Plugins, load_plugins
from automem.processes.pool import in_process
from automem.protocols import EnvironmentSession
from automem.records.environment import Frame, StepResult
from automem.records.trace import Observed
from automem.report.building import build_report
from automem.report.drawing import MOST_GAMES, Drawing
from automem.report.marks import Marks
from automem.report.pictures import album_of, drawing_pool, key_steps
from automem.report.png import png
from automem.report.source import Version, versions_of
from automem.report.tiles import TileTable
from automem.run.layout import RunFolder
from automem.testing.toy import Toy

pytestmark = pytest.mark.anyio


def spoil(version: Version, seed: int) -> None:
    """Make a trace say that the game showed something else at step 2."""
    folder = version.episode("default", seed)
    events = list(open_trace(folder).events())
    for path in (folder.trace, folder.compacted):
        path.unlink(missing_ok=True)
    with TraceWriter(folder.trace) as trace:
        for event in events:
            if isinstance(event, Observed) and event.step == 2:
                event = msgspec.structs.replace(event, text="a dragon")
            trace.write(event)


async def test_an_album_has_a_picture_of_every_step(
    plugins: Plugins, versions: list[Version]
) -> None:
    version = versions[0]
    reader = open_trace(version.episode("default", 1))
    async with drawing_pool(plugins, version.plan, version.run, compact=True, workers=1) as pool:
        album = await album_of(pool, reader, None)
    assert album is not None
    assert (album.data.width, album.data.height, album.data.count) == (4, 1, reader.count)
    assert album.data.steps == () and album.data.shapes == ((4, 1, 4),)
    numbers = gzip.decompress(album.mosaics)
    tiles = gzip.decompress(album.tiles)
    toy = Toy("default")
    toy.reset(1)
    for view in reader.steps():
        number = int.from_bytes(numbers[2 * view.number : 2 * view.number + 2], "little")
        assert tiles[12 * number : 12 * number + 12] == toy.frame().rgb  # type: ignore[union-attr]
        if view.acted:
            toy.step(view.acted.executed)


async def test_wanted_steps_alone_are_drawn(plugins: Plugins, versions: list[Version]) -> None:
    version = versions[0]
    reader = open_trace(version.episode("default", 1))
    async with drawing_pool(plugins, version.plan, version.run, compact=True, workers=1) as pool:
        album = await album_of(pool, reader, frozenset({0, 5}))
    assert album is not None and album.data.steps == (0, 5)


def test_key_steps_are_around_events_and_every_tenth() -> None:
    marks = Marks(steps=25, events=((3, "door"),), progression=(), writes=(7,), retrievals=())
    assert sorted(key_steps(marks)) == [0, 3, 4, 10, 20, 24]


async def test_another_game_than_the_recorded_one_is_not_drawn(
    plugins: Plugins, run: RunFolder, tmp_path: Path
) -> None:
    version = versions_of([run])[0]
    spoil(version, 1)
    async with drawing_pool(plugins, version.plan, version.run, compact=True, workers=1) as pool:
        with pytest.raises(ReplayMismatch, match="step 2"):
            await album_of(pool, open_trace(version.episode("default", 1)), None)
    built = await build_report([run], plugins, tmp_path / "r.html", frames="all")
    assert built.episodes == 4
    (note,) = built.notes
    assert "no pictures of toy default/1" in note


async def test_a_game_that_cannot_be_loaded_costs_the_pictures_only(
    run: RunFolder, tmp_path: Path
) -> None:
    without = load_plugins(entry_points=[])
    told: list[str] = []
    built = await build_report(
        [run], without, tmp_path / "r.html", frames="key", seeds=[2], told=told.append
    )
    assert (built.episodes, built.pictures, told) == (2, 0, [])
    assert "no environment named 'toy'" in built.notes[0]


async def test_any_step_can_be_asked_for_in_any_order(
    plugins: Plugins, versions: list[Version]
) -> None:
    version = versions[0]
    reader = open_trace(version.episode("default", 1))
    toy = Toy("default")
    toy.reset(1)
    expected: list[bytes] = []
    for view in reader.steps():
        expected.append(png(toy.frame()))  # type: ignore[arg-type]
        if view.acted:
            toy.step(view.acted.executed)
    async with anyio.create_task_group() as group:
        drawing = Drawing(plugins, group)
        found: dict[int, bytes | None] = {}

        async def ask(step: int) -> None:
            found[step] = await drawing.picture("one", version, reader, step)

        async with anyio.create_task_group() as asking:
            for step in (9, 3, 12, 3):
                asking.start_soon(ask, step)
        await ask(1)
        assert {step: expected[step] for step in (9, 3, 12, 1)} == found
        group.cancel_scope.cancel()


async def test_a_game_that_differs_says_so_to_whoever_waits(
    plugins: Plugins, run: RunFolder
) -> None:
    version = versions_of([run])[0]
    spoil(version, 1)
    reader = open_trace(version.episode("default", 1))
    async with anyio.create_task_group() as group:
        drawing = Drawing(plugins, group)
        assert await drawing.picture("one", version, reader, 1) is not None
        with pytest.raises(ReplayMismatch, match="step 2"):
            await drawing.picture("one", version, reader, 9)
        assert await drawing.picture("one", version, reader, 1) is not None
        group.cancel_scope.cancel()


async def test_of_more_games_than_fit_the_oldest_is_put_away(
    plugins: Plugins, versions: list[Version]
) -> None:
    version = versions[0]
    reader = open_trace(version.episode("default", 1))
    async with anyio.create_task_group() as group:
        drawing = Drawing(plugins, group)
        pictures = [
            await drawing.picture(f"game {number}", version, reader, 2)
            for number in range(MOST_GAMES + 1)
        ]
        assert len(set(pictures)) == 1
        assert len(drawing._games) == MOST_GAMES
        assert await drawing.picture("game 0", version, reader, 2) == pictures[0]
        group.cancel_scope.cancel()


class Flicker(Toy):
    """A game in which no two pictures are alike."""

    steps = 0

    def step(self, action: str) -> StepResult:
        self.steps += 1
        return super().step(action)

    def frame(self) -> Frame:
        rgb = bytes((self.steps * 7919 + place * 31) % 256 for place in range(3 * 16 * 16 * 4))
        return Frame(width=16 * 4, height=16, rgb=rgb)


async def test_pictures_end_where_there_are_too_many_different_ones(
    versions: list[Version],
) -> None:
    reader = open_trace(versions[0].episode("default", 1))
    album = await album_of(Pool(Flicker("default")), reader, None, TileTable(most=20))  # type: ignore[arg-type]
    assert album is not None
    assert 4 < album.data.count < reader.count
    assert await album_of(Pool(Bare("default")), reader, None) is None  # type: ignore[arg-type]


class Bare(Toy):
    """A game that draws nothing."""

    def frame(self) -> None:
        return None


class Pool:
    """One game in this process, as a pool gives it."""

    def __init__(self, game: Toy) -> None:
        self.game = game

    @asynccontextmanager
    async def session(self, task: str) -> AsyncGenerator[EnvironmentSession]:
        yield in_process(self.game)
