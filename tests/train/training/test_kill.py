"""However the host ends, no two workers write one folder, and nothing is learned twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from automem.errors import TrainerError
from automem.files import write_json
from automem_train.training.folder import TrainingFolder
from automem_train.training.orphan import end_orphan
from automem_train.training.running import Patience

from . import host
from .conftest import QUICK, Bench

STEP = b'{"step":%d,'


@contextmanager
def hosting(
    bench: Bench, *faults: str, step: int, grace: float = 5.0
) -> Generator[subprocess.Popen[bytes]]:
    """A host whose worker has done so many steps."""
    write_json(bench.folder / "job.json", bench.job)
    argv = [sys.executable, host.__file__, str(bench.folder), *faults]
    with subprocess.Popen(argv, env={**os.environ, "GRACE": str(grace)}) as process:
        progress = bench.folder / "progress.jsonl"
        while process.poll() is None:
            if progress.exists() and STEP % step in progress.read_bytes():
                break
        assert process.poll() is None
        try:
            yield process
        finally:
            process.kill()


def state(bench: Bench) -> int:
    """The step of the checkpoint."""
    raw = (bench.folder / "checkpoint" / "state.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, int | str])["step"]  # pyright: ignore[reportReturnType]


@pytest.mark.anyio
async def test_a_host_that_is_killed_takes_its_worker_along_and_the_next_one_goes_on(
    bench: Bench, writing: Callable[[], list[int]]
) -> None:
    with hosting(bench, "hangs=6", "child=2", step=5) as killed:
        killed.kill()
        killed.wait()
    provenance = await bench.train()
    assert provenance.steps == 12 and writing() == []
    first = bench.seen[0].steps[0]
    assert first.step == 1
    assert (bench.folder / "worker.log").read_text("utf-8").count("training on") == 2


@pytest.mark.anyio
async def test_a_worker_that_does_not_end_with_its_host_is_killed_by_the_next_one(
    bench: Bench, writing: Callable[[], list[int]]
) -> None:
    with hosting(bench, "deaf=4", step=3, grace=600.0) as killed:
        killed.kill()
        killed.wait()
    orphans = writing()
    assert len(orphans) == 2
    assert (await bench.train(patience=Patience(grace=0.2, look=0.02))).steps == 12
    assert writing() == []


@pytest.mark.anyio
async def test_a_worker_that_cannot_be_ended_is_named(bench: Bench) -> None:
    folder = TrainingFolder(bench.folder)
    with folder.held(), folder.for_worker():
        with pytest.raises(TrainerError, match=r"still writes in .*; end process unknown, and run"):
            await end_orphan(folder, grace_seconds=0.05, look_seconds=0.01)
        with pytest.raises(TrainerError, match=r"process 0 still writes in"), folder.for_worker():
            pass


def test_ctrl_c_ends_a_training_with_a_checkpoint(
    bench: Bench, writing: Callable[[], list[int]]
) -> None:
    with hosting(bench, "hangs=8", step=7) as host_process:
        host_process.send_signal(signal.SIGINT)
        assert host_process.wait(30) != 0
    assert writing() == [] and state(bench) == 7


@pytest.mark.anyio
async def test_a_worker_that_is_killed_alone_is_told_and_gone_on_with(
    bench: Bench, writing: Callable[[], list[int]]
) -> None:
    with hosting(bench, "hangs=3", step=2) as host_process:
        supervisor, worker = sorted(pid for pid in writing() if pid != host_process.pid)
        os.kill(worker, signal.SIGKILL)
        assert host_process.wait(30) == 1
    assert writing() == []
    assert (await bench.train(patience=QUICK)).steps == 12
    del supervisor


def test_a_host_is_told_who_trains_already(bench: Bench) -> None:
    with hosting(bench, "hangs=3", step=2) as first:
        argv = [sys.executable, host.__file__, str(bench.folder)]
        second = subprocess.run(argv, check=False, capture_output=True, text=True)
        assert f"is being trained by process {first.pid}; wait for it" in second.stderr


def test_locks_are_freed_by_whoever_ends(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path / "one")
    with folder.held(), folder.for_worker():
        assert not folder.is_free()
    assert folder.is_free()
