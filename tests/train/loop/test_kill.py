"""Loop 2, killed in play, reviews and trainings, ends as one that never was, at one price."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import anyio
import pytest
from anyio.abc import Process

from automem.records.review import Said
from automem.review.transcript import open_transcript
from automem.run.layout import RunFolder, run_folder

from .conftest import ledger_of, paid, played, timeless
from .scripts import BOTH, FEEBLE, GOOD, config_text, write_script

DRIVER = Path(__file__).with_name("play_train.py")
EXTRA = "iterations = 3\n[train.trainer_options]\nsteps = 40"
FILES = (
    "reviews/*/transcript.jsonl",
    "adapters/*/progress.jsonl",
    "adapters/*/provenance.json",
    "ledger.jsonl",
)


def prepared(folder: Path) -> Path:
    folder.mkdir()
    write_script(folder / "script.json", [BOTH, FEEBLE, GOOD])
    text = config_text(folder, extra=EXTRA)
    text = text.replace("[train.options]", "[train.options]\ndelay_seconds = 0.03")
    (folder / "train.toml").write_text(text, encoding="utf-8")
    return folder


async def play(folder: Path, kill_at: int | None) -> int:
    """Play until the end, or until so much has happened."""
    async with await anyio.open_process(
        [sys.executable, DRIVER, folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        async with anyio.create_task_group() as group:
            if kill_at is not None:
                group.start_soon(kill_when, folder, kill_at, process)
            await process.wait()
            group.cancel_scope.cancel()
        return await process.wait()


async def kill_when(folder: Path, kill_at: int, process: Process) -> None:
    while happened(folder) < kill_at:  # noqa: ASYNC110 - files tell of no event
        await anyio.sleep(0.002)
    process.kill()


def happened(folder: Path) -> int:
    """Calls of the player, and lines of reviews, trainings and the ledger."""
    run = run_folder(folder / "runs", "toys").path
    files = [path for pattern in FILES for path in run.glob(pattern)]
    lines = sum(path.read_bytes().count(b"\n") for path in files)
    # A line weighs as much as a few calls, so that all of them are met as often.
    return calls_of(folder).total() + 4 * lines


def calls_of(folder: Path) -> Counter[str]:
    return Counter(played(folder)) if (folder / "player.txt").exists() else Counter()


def turns_of(folder: Path) -> Counter[str]:
    return Counter(paid(folder)) if (folder / "calls.txt").exists() else Counter()


def recorded_turns(run: RunFolder) -> set[str]:
    """Turns whose answer is on disk, as the scripted meta-LLM counts them."""
    found: set[str] = set()
    for number, folder in enumerate(sorted(run.path.glob("reviews/*"))):
        path = folder / "transcript.jsonl"
        events = open_transcript(path).events if path.exists() else []
        turns = sum(isinstance(event, Said) for event in events)
        found |= {f"{number} {turn}" for turn in range(turns)}
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.anyio
async def test_a_loop_killed_at_many_random_moments_ends_as_one_that_was_not(
    tmp_path: Path,
) -> None:
    whole, killed = prepared(tmp_path / "whole"), prepared(tmp_path / "killed")
    assert await play(whole, None) == 0
    assert set(calls_of(whole).values()) == set(turns_of(whole).values()) == {1}
    most = happened(whole)

    rng = random.Random(5)
    run = run_folder(killed / "runs", "toys")
    kills = 0
    for share in sorted(rng.uniform(0.0, 0.97) for _ in range(20)):
        turns, asked = recorded_turns(run), turns_of(killed)
        kills += await play(killed, int(share * most)) != 0
        assert not turns & set(turns_of(killed) - asked), "a turn on disk was asked again"
    assert await play(killed, None) == 0
    assert kills >= 15

    again = (turns_of(killed) - turns_of(whole)).total()
    assert again <= kills and set(turns_of(killed)) == set(turns_of(whole))
    # Only what was on its way at a kill: one call of each episode that was at play.
    assert set(calls_of(killed)) == set(calls_of(whole))
    assert (calls_of(killed) - calls_of(whole)).total() <= kills * 4
    assert list(map(timeless, ledger_of(killed))) == list(map(timeless, ledger_of(whole)))
    assert [trial.verdict for trial in ledger_of(whole)][:2] == ["dropped", "kept"]
    for one in (whole / "runs/toys/adapters").iterdir():
        other = killed / "runs/toys/adapters" / one.name / "adapter_model.safetensors"
        assert (one / "adapter_model.safetensors").read_bytes() == other.read_bytes()
