"""A host in a process of its own: `python host.py FOLDER FAULT...` trains there, and is killed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio
import msgspec

from automem.records.training import TrainingJob
from automem.testing.trainer import ToyTrainer, ToyTrainerOptions
from automem_train.training.running import Patience, train


async def main(folder: Path, faults: tuple[str, ...]) -> None:
    job = msgspec.json.decode((folder / "job.json").read_bytes(), type=TrainingJob)
    trainer = ToyTrainer(ToyTrainerOptions(faults=faults))
    grace = float(os.environ.get("GRACE", "5"))
    await train(job, trainer, folder, patience=Patience(grace=grace, look=0.02))


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), tuple(sys.argv[2:]))
