"""Trainings of a job by a worker that learns nothing, and processes that are killed meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest

from automem.records.training import LoraSettings, Provenance, TrainingJob, TrainingStep
from automem.testing.trainer import ToyTrainer, ToyTrainerOptions
from automem.ui.training import TrainingProgress
from automem_train.training.running import Patience, train

QUICK = Patience(silence=60.0, grace=5.0, look=0.02)


class Heard(list[TrainingStep]):
    """Steps that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._more = anyio.Event()

    def append(self, step: TrainingStep, /) -> None:
        """Keep a step and wake who waits."""
        super().append(step)
        self._more.set()
        self._more = anyio.Event()

    async def until(self, number: int) -> None:
        """Wait until so many are there."""
        while len(self) < number:
            await self._more.wait()


@dataclass
class Bench:
    """One job with its folder."""

    job: TrainingJob
    folder: Path
    seen: list[TrainingProgress] = field(default_factory=list[TrainingProgress])
    next: Heard = field(default_factory=Heard)
    """The steps of the next training that is shown."""

    async def train(
        self,
        *faults: str,
        job: TrainingJob | None = None,
        patience: Patience = QUICK,
        seconds: float | None = None,
        **options: Any,
    ) -> Provenance:
        """Train it with a worker to which these things happen."""
        trainer = ToyTrainer(ToyTrainerOptions(faults=faults, **options))
        return await train(
            job or self.job,
            trainer,
            self.folder,
            title="training",
            show=self.show,
            patience=patience,
            seconds=seconds,
        )

    @asynccontextmanager
    async def show(self, progress: TrainingProgress, title: str) -> AsyncGenerator[None]:
        """Keep what would be shown."""
        assert title == "training"
        progress.steps, self.next = self.next, Heard()
        self.seen.append(progress)
        yield

    @property
    def done(self) -> int:
        """Lines of progress."""
        return len((self.folder / "progress.jsonl").read_bytes().splitlines())


def job_for(folder: Path, **changes: Any) -> TrainingJob:
    """A job with three examples in `folder`."""
    examples = folder / "examples.jsonl"
    examples.write_bytes(b'{"messages": []}\n' * 3)
    given: dict[str, Any] = {
        "trainer": "toy-trainer",
        "base": "org/base",
        "data": "d" * 16,
        "examples": str(examples),
        "examples_sha256": hashlib.sha256(examples.read_bytes()).hexdigest(),
        "lora": LoraSettings(epochs=3),
    }
    return TrainingJob(**{**given, **changes})


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A job of twelve steps."""
    job = job_for(tmp_path)
    return Bench(job, tmp_path / "adapters" / job.key)


@pytest.fixture
def writing(tmp_path: Path) -> Callable[[], list[int]]:
    """The processes that name this test's folder in their command line."""

    def found() -> list[int]:
        mark = str(tmp_path).encode()
        pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
        return [pid for pid in pids if mark in _command(pid)]

    return found


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
