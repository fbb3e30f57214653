"""Pictures of a recorded episode: its actions are played again in its own environment."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Literal

from automem.episode.reader import TraceReader
from automem.errors import ReplayMismatch
from automem.evaluate.plan import EvaluationPlan
from automem.plugins import Plugins
from automem.processes.pool import EnvironmentPool, open_pool
from automem.protocols import EnvironmentSession
from automem.records._struct import Record
from automem.records.environment import Frame, Observation
from automem.records.trace import Observed
from automem.report.marks import Marks
from automem.report.packing import compressed
from automem.report.tiles import TileTable
from automem.run.layout import RunFolder

Frames = Literal["none", "key", "all"]
KEY_EVERY = 10
"""Between what is worth a picture in itself, every so many steps have one."""


class PicturesData(Record):
    """What a page needs to put the pictures of an episode together, besides the bytes."""

    width: int
    height: int
    steps: tuple[int, ...]
    """Which steps have one; empty is all of them, from 0 on."""
    count: int
    shapes: tuple[tuple[int, int, int], ...]
    """Width and height of the tiles by number, as runs: width, height, how many."""


class Album(Record):
    """The pictures of one episode."""

    data: PicturesData
    tiles: bytes
    """Compressed RGB of the tiles, one after another."""
    mosaics: bytes
    """Compressed numbers of tiles, two bytes each, low byte first, picture after picture."""


@asynccontextmanager
async def drawing_pool(
    plugins: Plugins, plan: EvaluationPlan, run: RunFolder, *, compact: bool, workers: int | None
) -> AsyncGenerator[EnvironmentPool]:
    """Workers of the environment that was played.

    With `compact` they draw as the options' class variable `compact_pictures` says. Raises
    PluginError and ConfigError.
    """
    spec = plugins.get("environment", plan.environment)
    options = plugins.options(spec, plan.options, path="environment")
    small: Mapping[str, Any] = getattr(type(options), "compact_pictures", {}) if compact else {}
    async with open_pool(spec, {**plan.options, **small}, workers=workers, logs=run.logs) as pool:
        yield pool


async def album_of(
    pool: EnvironmentPool,
    reader: TraceReader,
    wanted: frozenset[int] | None,
    table: TileTable | None = None,
) -> Album | None:
    """The pictures of the wanted steps, None being all; None if the game draws nothing.

    They end early where there are too many different ones for the table, by default a new one.
    Raises EnvironmentFailure, and ReplayMismatch where the game shows something else than it did
    when it was recorded.
    """
    table = table or TileTable()
    steps: list[int] = []
    numbers = bytearray()
    width = height = 0
    async with (
        pool.session(reader.started.info.task) as session,
        aclosing(_frames(session, reader, wanted)) as frames,
    ):
        async for step, frame in frames:
            if not steps:
                width, height = frame.width, frame.height
            mosaic = table.mosaic(frame)
            if mosaic is None or (mosaic.width, mosaic.height) != (width, height):
                break
            steps.append(step)
            numbers += b"".join([n.to_bytes(2, "little") for n in mosaic.tiles])
    if not steps:
        return None
    whole = steps == list(range(len(steps)))
    return Album(
        data=PicturesData(
            width=width,
            height=height,
            steps=() if whole else tuple(steps),
            count=len(steps),
            shapes=_runs(table.shapes),
        ),
        tiles=compressed(b"".join(table.pixels)),
        mosaics=compressed(bytes(numbers)),
    )


def key_steps(marks: Marks) -> frozenset[int]:
    """The steps whose picture tells most: what an event came of and led to, and every tenth."""
    around = {step + more for step, _ in marks.events for more in (0, 1)}
    return frozenset({*range(0, marks.steps, KEY_EVERY), *around, marks.steps - 1})


async def _frames(
    session: EnvironmentSession, reader: TraceReader, wanted: frozenset[int] | None
) -> AsyncGenerator[tuple[int, Frame]]:
    observation = await session.reset(reader.started.seed)
    for view in reader.steps():
        check_same(view.observed, observation, view.number)
        if wanted is None or view.number in wanted:
            frame = await session.frame()
            if frame is None:
                return
            yield view.number, frame
        if view.acted is None:
            return
        observation = (await session.step(view.acted.executed)).observation


def check_same(recorded: Observed | None, shown: Observation, step: int) -> None:
    """Raises ReplayMismatch where the game does not show what was recorded."""
    if recorded is not None and recorded.text != shown.text:
        raise ReplayMismatch(
            f"at step {step} the game shows something else than was recorded, so pictures of "
            "what follows would not be true; `automem replay` tells more"
        )


def _runs(shapes: list[tuple[int, int]]) -> tuple[tuple[int, int, int], ...]:
    runs: list[tuple[int, int, int]] = []
    for width, height in shapes:
        if runs and runs[-1][:2] == (width, height):
            runs[-1] = (width, height, runs[-1][2] + 1)
        else:
            runs.append((width, height, 1))
    return tuple(runs)
