"""A job is trained once, in one folder, by one worker at a time, and every failure is told."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import anyio
import msgspec
import pytest

from automem.errors import LimitReached, TrainerError
from automem.records.training import LoraSettings, TrainingJob
from automem.testing.trainer import ToyTrainer, ToyTrainerOptions
from automem_train.training.running import Patience, train

from .conftest import QUICK, Bench, job_for

pytestmark = pytest.mark.anyio


async def test_a_job_becomes_an_adapter_and_is_watched_meanwhile(bench: Bench) -> None:
    provenance = await bench.train()
    assert provenance.job == bench.job and provenance.steps == 12
    steps = bench.seen[0].steps
    assert [step.step for step in steps] == [*range(1, 13)]
    assert tuple(step.loss for step in steps) == provenance.losses
    assert not (bench.folder / "checkpoint").exists()
    log = (bench.folder / "worker.log").read_text("utf-8")
    assert log == "training on 3 examples\n"


async def test_an_adapter_that_is_there_and_whole_starts_nothing(bench: Bench) -> None:
    first = await bench.train()
    refuses = ToyTrainer(ToyTrainerOptions(refuses="nobody may ask it"))
    assert await train(bench.job, refuses, bench.folder) == first


async def test_an_adapter_that_was_damaged_is_trained_again(bench: Bench) -> None:
    first = await bench.train()
    weights = bench.folder / "adapter_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + b"?")
    assert (await bench.train()).adapter_sha256 == first.adapter_sha256
    assert weights.read_bytes() == whole


async def test_a_folder_of_another_job_is_refused(bench: Bench) -> None:
    await bench.train()
    other = msgspec.structs.replace(bench.job, lora=LoraSettings(rank=8))
    with pytest.raises(TrainerError, match=r"holds the adapter of another training"):
        await bench.train(job=other)
    (bench.folder / "provenance.json").unlink()
    with pytest.raises(TrainerError, match=r"belongs to another training .*name another folder"):
        await bench.train(job=other)
    (bench.folder / "job.json").write_text("{", encoding="utf-8")
    with pytest.raises(TrainerError, match=r"job.json cannot be read: .*; remove .* to begin anew"):
        await bench.train()


async def test_a_run_that_was_moved_goes_on_with_its_examples(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(TrainerError):
        await bench.train("fails=3")
    moved = tmp_path / "moved"
    moved.mkdir()
    there = job_for(moved)
    await bench.train(job=there)
    assert _job(bench).examples == str(moved / "examples.jsonl")


async def test_what_a_trainer_refuses_is_told_before_anything_is_written(bench: Bench) -> None:
    with pytest.raises(TrainerError, match="toy-trainer: no such base"):
        await bench.train(refuses="no such base")
    assert not bench.folder.exists()


async def test_a_worker_that_says_why_it_failed_is_heard(bench: Bench) -> None:
    with pytest.raises(TrainerError, match=r"failed: no more room; what was learned is kept, and"):
        await bench.train("fails=3")
    assert bench.done == 2
    with pytest.raises(TrainerError, match="lower learning_rate") as failed:
        await bench.train("diverges=5")
    assert failed.value.settings_failed and "goes on" not in str(failed.value)


async def test_a_worker_that_is_killed_is_told_by_its_last_words(bench: Bench) -> None:
    with pytest.raises(TrainerError, match=r"(?s)run out of memory.*fell off the bus") as failed:
        await bench.train("dies=7")
    assert not failed.value.settings_failed and "goes on from there" in str(failed.value)
    assert bench.done == 6
    provenance = await bench.train()
    assert provenance.steps == 12 and len(bench.seen[1].steps) == 12


async def test_interrupted_and_whole_trainings_give_the_same_bytes(
    bench: Bench, tmp_path: Path
) -> None:
    for step in (2, 5, 9):
        with pytest.raises(TrainerError):
            await bench.train(f"dies={step}")
    resumed = await bench.train()
    at_once = await train(bench.job, ToyTrainer(), tmp_path / "other", patience=QUICK)
    assert (resumed.adapter_sha256, resumed.losses) == (at_once.adapter_sha256, at_once.losses)


async def test_a_worker_that_is_silent_too_long_is_ended(
    bench: Bench, writing: Callable[[], list[int]]
) -> None:
    soon = Patience(silence=0.5, grace=0.3, look=0.02)
    with pytest.raises(TrainerError, match=r"has said nothing for \d+ s and was ended; its log"):
        await bench.train("hangs=3", "child=2", patience=soon)
    assert writing() == []
    with pytest.raises(TrainerError, match="has said nothing"):
        await bench.train("deaf=4", patience=soon)
    assert writing() == []
    assert (await bench.train()).steps == 12


async def test_a_limit_on_time_ends_a_sitting_with_a_checkpoint(bench: Bench) -> None:
    with pytest.raises(LimitReached, match=r"was ended after 1 s; what was learned is kept"):
        await bench.train("hangs=4", seconds=1.0)
    assert bench.done == 3
    assert (await bench.train()).steps == 12


async def test_ending_the_host_ends_the_worker(
    bench: Bench, writing: Callable[[], list[int]]
) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(bench.train, "hangs=5")
        await bench.next.until(4)
        assert len(writing()) == 2
        group.cancel_scope.cancel()
    assert writing() == []
    assert (await bench.train()).steps == 12


async def test_a_second_host_is_refused_while_the_first_one_trains(bench: Bench) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(bench.train, "hangs=2")
        await bench.next.until(1)
        with pytest.raises(TrainerError, match=rf"being trained by process {os.getpid()}; wait"):
            await bench.train()
        group.cancel_scope.cancel()


async def test_keys_do_not_reach_the_worker(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, writing: Callable[[], list[int]]
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-a-key-of-mine")
    monkeypatch.setenv("HF_TOKEN", "hf_a_token_of_mine")
    known: list[bytes] = []
    async with anyio.create_task_group() as group:
        group.start_soon(bench.train, "hangs=2")
        await bench.next.until(1)
        known += map(_environment, writing())
        group.cancel_scope.cancel()
    assert len(known) == 2
    assert all(b"of_mine" not in each and b"of-mine" not in each for each in known)


def _environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def _job(bench: Bench) -> TrainingJob:
    return msgspec.json.decode((bench.folder / "job.json").read_bytes(), type=TrainingJob)
