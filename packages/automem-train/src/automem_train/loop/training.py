"""Trains one adapter of the loop, with the trainer of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import anyio
import msgspec

from automem.errors import TrainerError
from automem.files import write_json
from automem.processes.child import child
from automem.protocols import Trainer
from automem.records.training import Provenance, TrainingJob

_BY_SETTINGS = 2


@dataclass(frozen=True, slots=True)
class Training:
    """Starts the trainer's process, and waits for the adapter."""

    trainer: Trainer

    async def __call__(self, job: TrainingJob, folder: Path, title: str) -> Provenance:
        """The adapter's provenance; found again where it is whole. Raises TrainerError."""
        del title
        provenance = folder / "provenance.json"
        if not provenance.exists():
            await self._train(job, folder)
        return msgspec.json.decode(provenance.read_bytes(), type=Provenance)

    async def _train(self, job: TrainingJob, folder: Path) -> None:
        write_json(folder / "job.json", job)
        self.trainer.check(job)
        launch = self.trainer.launch(folder)
        log = folder / "worker.log"
        async with child(launch.argv, log=log, env=launch.environ, grace_seconds=30) as worker:
            status = await worker.process.wait()
        if status:
            failure = folder / "failure.txt"
            said = failure.read_text(encoding="utf-8").strip() if failure.exists() else str(log)
            raise TrainerError(said, settings_failed=status == _BY_SETTINGS)
        await anyio.lowlevel.checkpoint()
