"""An evaluation that is killed again and again ends with the trace of one that never was."""

import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import anyio
import pytest
from anyio.abc import Process

from automem.episode.folder import EpisodeFolder
from automem.episode.reader import open_trace
from automem.episode.recorder import timeless
from automem.episode.recording import read_recording
from automem.records.trace import AnyEvent, Asked
from automem.run.layout import run_folder
from automem.testing.engine import FakeEngine, fake_engine
from automem.testing.toy import toy_scaffold
from automem.testing.toy_player import toy_answer
from automem.testing.wire import Call, Fault

CODE = """
def remember(context):
    steps = context["state"].get("steps", 0) + 1
    text = f"{context['moment']} {steps}: {context['status']}"
    return {
        "writes": [{"file": "seen.txt", "mode": "append", "text": text}],
        "state": {"steps": steps},
    }


def guard(context, action):
    if context["step"] % 4 == 0 and context["counters"]["refused"] == 0:
        return {"reject": "Wait."}
"""
MOST_OVER = 10
"""Calls that are answered between the moment of a kill and the kill."""
DRIVER = Path(__file__).with_name("play_toy.py")


async def _play(
    folder: Path, engine: FakeEngine, kill_after: int | None, pause: float, scaffold: str
) -> int:
    """Play until the end, or until so many more calls have come and a moment has passed."""
    reached = anyio.Event()
    until = sum(engine.received.values()) + (kill_after or 0)

    def fault(_: Call) -> Fault | None:
        over = sum(engine.received.values()) - until
        if kill_after is None or over < 0:
            return None
        reached.set()
        # However late a busy machine is with the kill, there is something left to play.
        return Fault(kind="hang") if over > MOST_OVER else None

    engine.faults = fault
    async with await anyio.open_process(
        [sys.executable, DRIVER, folder, engine.url, scaffold],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        if kill_after is not None:
            async with anyio.create_task_group() as group:
                group.start_soon(_kill_when, reached, pause, process)
                await process.wait()
                group.cancel_scope.cancel()
        return await process.wait()


async def _kill_when(reached: anyio.Event, pause: float, process: Process) -> None:
    await reached.wait()
    await anyio.sleep(pause)
    process.kill()


def _events(folder: Path) -> dict[str, list[AnyEvent]]:
    """Every episode's whole events, finished or not, by task and seed."""
    found: dict[str, list[AnyEvent]] = {}
    for evaluation in run_folder(folder, "toy").evaluations():
        for episode in evaluation.episodes():
            name = f"{evaluation.path.name}/toy/{episode.path.parent.name}/{episode.path.name}"
            found[name] = _read(episode)
    return found


def _read(episode: EpisodeFolder) -> list[AnyEvent]:
    if episode.trace.exists():
        return list(read_recording(episode.trace).events)
    return list(open_trace(episode).events()) if episode.compacted.exists() else []


def _recorded_calls(folder: Path) -> set[str]:
    """The identities of all calls whose answer is on disk."""
    return {
        f"{name}/{number}"
        for name, events in _events(folder).items()
        for number, _ in enumerate(event for event in events if isinstance(event, Asked))
    }


def _coded(folder: Path) -> str:
    shutil.copytree(toy_scaffold(), folder)
    (folder / "code.py").write_text(CODE, encoding="utf-8")
    with (folder / "scaffold.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('\n[files."seen.txt"]\ncode_modes = ["append"]\n')
    return str(folder)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("with_code", "most_kills"),
    [(False, 5), (True, 4), pytest.param(False, 12, marks=pytest.mark.slow)],
)
async def test_an_evaluation_killed_at_random_moments_ends_as_one_that_was_not(
    tmp_path: Path, with_code: bool, most_kills: int
) -> None:
    scaffold = _coded(tmp_path / "coded") if with_code else "toy"
    rng = random.Random(2024)
    async with fake_engine(toy_answer, delay_seconds=0.002) as engine:
        assert await _play(tmp_path / "whole", engine, None, 0, scaffold) == 0
        expected = engine.received.copy()
        assert set(expected.values()) == {1}
        engine.received.clear()

        recorded: set[str] = set()
        asked_before: Counter[str] = Counter()
        in_flight: Counter[str] = Counter()
        kills = 0
        for _ in range(most_kills):
            calls = rng.randrange(1, len(expected) // most_kills)
            pause = rng.random() * 0.02
            code = await _play(tmp_path / "killed", engine, calls, pause, scaffold)
            again = {name for name in recorded if engine.received[name] > asked_before[name]}
            assert not again, "a call whose answer was on disk was asked again"
            recorded = _recorded_calls(tmp_path / "killed")
            in_flight.update(
                name
                for name in engine.received
                if name not in recorded and engine.received[name] > asked_before[name]
            )
            asked_before = engine.received.copy()
            kills += code != 0
            if code == 0:
                break
        assert kills >= most_kills // 2
        assert await _play(tmp_path / "killed", engine, None, 0, scaffold) == 0

    # Beyond the calls that were in flight at a kill, each was asked exactly once.
    assert engine.received - in_flight == expected
    assert set(engine.received) == set(expected)
    whole, killed = _events(tmp_path / "whole"), _events(tmp_path / "killed")
    assert whole.keys() == killed.keys()
    for name, events in whole.items():
        assert [timeless(event) for event in killed[name]] == [timeless(e) for e in events]
