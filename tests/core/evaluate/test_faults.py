"""Crashes, damage and games that do not repeat cost no finished episode."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from automem.episode.folder import EpisodeFolder
from automem.episode.reader import open_trace
from automem.episode.recording import read_recording
from automem.episode.writing import TraceWriter
from automem.errors import (
    EvaluationError,
)
from automem.records.config import (
    EnvironmentSection,
    RunConfig,
)
from automem.records.trace import AnyEvent, Observed
from automem.testing.engine import fake_engine
from automem.testing.toy_player import toy_answer
from automem.testing.watcher import Watcher

pytestmark = pytest.mark.anyio


async def test_a_worker_that_is_killed_costs_no_call_and_no_episode(toy: Any) -> None:
    killed: list[int] = []

    def kill(event: AnyEvent) -> None:
        if not killed and isinstance(event, Observed) and event.step == 5:
            killed.extend(_workers())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    async with fake_engine(toy_answer) as engine:
        evaluation = await toy.evaluate(toy.config(engine.url), Watcher(at=kill))
    assert len(killed) == 1
    assert evaluation.mean == 100.0
    assert set(engine.received.values()) == {1}


def _workers() -> list[int]:
    """The environment workers of this process."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"automem.processes.worker" in words and str(os.getpid()).encode() in words:
            found.append(int(path.parent.name))
    return found


async def test_a_game_that_always_crashes_leaves_the_episode_unfinished(toy: Any) -> None:
    environment = EnvironmentSection(name="toy", tasks=("default",), options={"rooms": 0})
    with pytest.raises(EvaluationError, match="ZeroDivisionError"):
        await toy.evaluate(toy.config(environment=environment))


async def test_a_recording_that_does_not_play_again_begins_the_episode_anew(toy: Any) -> None:
    config = toy.config()
    await toy.evaluate(config)
    folder = toy.episode(config, 1)
    _as_unfinished(toy, config, folder, b"A long corridor.", b"A long hallway.")
    evaluation = await toy.evaluate(config)
    assert (evaluation.mean, evaluation.episodes[0].restarts) == (100.0, 1)
    assert (folder.path / "trace.abandoned-1.jsonl").exists()
    told = open_trace(folder).step(0).warned
    assert "begun anew 1 time(s)" in told[0].text


async def test_a_damaged_recording_begins_the_episode_anew(toy: Any) -> None:
    config = toy.config()
    await toy.evaluate(config)
    folder = toy.episode(config, 2)
    _as_unfinished(toy, config, folder, b'"event":"acted"', b'"event":"enacted"')
    assert (await toy.evaluate(config)).episodes[1].restarts == 1


async def test_a_result_that_was_lost_is_made_again_from_the_trace(toy: Any) -> None:
    async with fake_engine(toy_answer) as engine:
        config = toy.config(engine.url)
        first = await toy.evaluate(config)
        calls = len(engine.calls)
        folder = toy.run(config).evaluations()[0]
        lost, damaged = (toy.episode(config, seed) for seed in (1, 2))
        assert not lost.trace.exists()
        folder.evaluation.unlink()
        lost.result.unlink()
        damaged.result.write_text("", encoding="utf-8")
        with pytest.raises(EvaluationError, match="remove it, and the same command makes it again"):
            await toy.evaluate(config)
        damaged.result.unlink()
        assert (await toy.evaluate(config)).episodes == first.episodes
        assert len(engine.calls) == calls
        assert not lost.trace.exists() and lost.compacted.exists()


async def test_a_game_that_never_plays_the_same_is_given_up(toy: Any) -> None:
    config = toy.config()
    await toy.evaluate(config)
    folder = toy.episode(config, 1)
    for number in range(1, 4):
        (folder.path / f"trace.abandoned-{number}.jsonl").write_bytes(b"")
    _as_unfinished(toy, config, folder, b"A long corridor.", b"A long hallway.")
    with pytest.raises(EvaluationError, match="not deterministic"):
        await toy.evaluate(config)


def _as_unfinished(
    toy: Any, config: RunConfig, folder: EpisodeFolder, old: bytes, new: bytes
) -> None:
    """Put a finished episode back to a growing trace, with a text in it exchanged."""
    events = list(open_trace(folder).events())
    with TraceWriter(folder.trace) as writer:
        for event in events:
            writer.write(event)
    assert list(read_recording(folder.trace).events) == events
    data = folder.trace.read_bytes()
    assert old in data
    folder.trace.write_bytes(data.replace(old, new))
    folder.compacted.unlink()
    folder.result.unlink()
    toy.run(config).evaluations()[0].evaluation.unlink()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"seed":1', b'"seed":7', "is of toy/default/7, not of toy/default/1"),
        (b'"progression":1.0', b'"progression":5.0', "cannot be read"),
    ],
)
async def test_a_result_that_was_edited_is_not_believed(
    toy: Any, old: bytes, new: bytes, said: str
) -> None:
    config = toy.config()
    await toy.evaluate(config)
    path = toy.episode(config, 1).result
    data = path.read_bytes().replace(b": ", b":")
    assert old in data
    path.write_bytes(data.replace(old, new))
    toy.run(config).evaluations()[0].evaluation.unlink()
    with pytest.raises(EvaluationError, match=said):
        await toy.evaluate(config)
