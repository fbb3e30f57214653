"""Loop 1, killed in reviews, checks and evaluations, ends as one that never was, at one price."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import anyio
import pytest
from anyio.abc import Process

from automem.episode.folder import EpisodeFolder
from automem.episode.reader import open_trace
from automem.episode.recording import read_recording
from automem.records.ledger import PlayCost
from automem.records.review import Said
from automem.records.trace import AnyEvent, Asked
from automem.review.transcript import open_transcript
from automem.run.layout import RunFolder, run_folder
from automem.testing.engine import FakeEngine, fake_engine
from automem.testing.toy_player import toy_answer

from .conftest import ledger_of, paid, timeless
from .scripts import BETTER, BROKEN, IDLE, WORSE, config_text, write_script

DRIVER = Path(__file__).with_name("play_evolve.py")
EXTRA = "revisions = 1\nattempts = 2"


def prepared(folder: Path) -> Path:
    folder.mkdir()
    write_script(folder / "script.json", [BROKEN, WORSE, BETTER, IDLE])
    text = config_text(folder, extra=EXTRA)
    text = text.replace("[evolve.options]", "[evolve.options]\ndelay_seconds = 0.03")
    (folder / "evolve.toml").write_text(text, encoding="utf-8")
    return folder


async def play(folder: Path, engine: FakeEngine, kill_at: int | None) -> int:
    """Play until the end, or until so much has happened."""
    async with await anyio.open_process(
        [sys.executable, DRIVER, folder, engine.url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        async with anyio.create_task_group() as group:
            if kill_at is not None:
                group.start_soon(kill_when, folder, engine, kill_at, process)
            await process.wait()
            group.cancel_scope.cancel()
        return await process.wait()


async def kill_when(folder: Path, engine: FakeEngine, kill_at: int, process: Process) -> None:
    while happened(folder, engine) < kill_at:  # noqa: ASYNC110 - files tell of no event
        await anyio.sleep(0.002)
    process.kill()


def happened(folder: Path, engine: FakeEngine) -> int:
    """Calls of the player, and lines of reviews and of the ledger."""
    run = run_folder(folder / "runs", "toys").path
    files = [*run.glob("reviews/*/transcript.jsonl"), run / "ledger.jsonl"]
    lines = sum(path.read_bytes().count(b"\n") for path in files if path.exists())
    # A line of a review weighs as much as a few calls, so that both are met as often.
    return sum(engine.received.values()) + 8 * lines


def recorded_turns(run: RunFolder) -> set[str]:
    """Turns whose answer is on disk, as the scripted meta-LLM counts them."""
    found: set[str] = set()
    for number, folder in enumerate(sorted(run.path.glob("reviews/*"))):
        path = folder / "transcript.jsonl"
        events = open_transcript(path).events if path.exists() else []
        turns = sum(isinstance(event, Said) for event in events)
        found |= {f"{number} {turn}" for turn in range(turns)}
    return found


def recorded_calls(run: RunFolder) -> set[str]:
    """The identities of all calls of the player whose answer is on disk."""
    return {
        f"{evaluation.path.name}/toy/{episode.path.parent.name}/{episode.path.name}/{number}"
        for evaluation in run.evaluations()
        for episode in evaluation.episodes()
        for number, _ in enumerate(
            event for event in events_of(episode) if isinstance(event, Asked)
        )
    }


def events_of(episode: EpisodeFolder) -> list[AnyEvent]:
    if episode.trace.exists():
        return list(read_recording(episode.trace).events)
    return list(open_trace(episode).events()) if episode.compacted.exists() else []


async def killed_and_whole(folder: Path, times: int) -> int:
    """Play once whole, once with kills; compare. Gives how often it was killed."""
    async with fake_engine(toy_answer, delay_seconds=0.002) as engine:
        whole, killed = prepared(folder / "whole"), prepared(folder / "killed")
        assert await play(whole, engine, None) == 0
        expected, most = engine.received.copy(), happened(whole, engine)
        assert set(expected.values()) == {1} and set(Counter(paid(whole)).values()) == {1}
        engine.received.clear()

        rng = random.Random(11)
        shares = sorted(rng.uniform(0.0, 0.95) for _ in range(times))
        run = run_folder(killed / "runs", "toys")
        kills = 0
        for share in shares:
            turns, calls = recorded_turns(run), recorded_calls(run)
            before, asked = engine.received.copy(), Counter(turn_lines(killed))
            kills += await play(killed, engine, int(share * most)) != 0
            new = Counter(turn_lines(killed)) - asked
            assert not turns & set(new), "a turn whose answer was on disk was asked again"
            fresh = {name for name in calls if engine.received[name] > before[name]}
            assert not fresh, "a call whose answer was on disk was asked again"
        assert await play(killed, engine, None) == 0
        again = sum((Counter(turn_lines(killed)) - Counter(turn_lines(whole))).values())
        calls_again = sum(count - 1 for count in engine.received.values())
        assert again <= kills and set(turn_lines(killed)) == set(turn_lines(whole))
        assert set(engine.received) == set(expected)
        # Only what was on its way at a kill: one call of each episode that was at play.
        assert calls_again <= kills * 3
    assert list(map(timeless, ledger_of(killed))) == list(map(timeless, ledger_of(whole)))
    assert [t.verdict for t in ledger_of(whole)] == ["refused", "dropped", "kept"]
    assert ledger_of(whole)[0].play_cost == PlayCost()
    return kills


def turn_lines(folder: Path) -> list[str]:
    return paid(folder) if (folder / "calls.txt").exists() else []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.anyio
async def test_a_loop_killed_at_many_random_moments_ends_as_one_that_was_not(
    tmp_path: Path,
) -> None:
    assert await killed_and_whole(tmp_path, 20) >= 15
