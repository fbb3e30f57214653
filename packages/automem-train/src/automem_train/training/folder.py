"""The folder of one training: what is in it, who writes it, and whether its adapter is whole."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from automem.errors import AdapterError, TrainerError
from automem.files import write_json
from automem.models.adapters import PROVENANCE, SETTINGS, other_file, read_provenance
from automem.records.training import Provenance, TrainingJob
from automem_train.workers.failing import FAILURE
from automem_train.workers.jobs import JOB
from automem_train.workers.progress import PROGRESS
from automem_train.workers.provenance import WEIGHTS


@dataclass(frozen=True, slots=True)
class TrainingFolder:
    """`adapters/<key>/` of a run."""

    path: Path

    @property
    def job(self) -> Path:
        """What the worker is told."""
        return self.path / JOB

    @property
    def progress(self) -> Path:
        """One line for each step of the optimizer."""
        return self.path / PROGRESS

    @property
    def log(self) -> Path:
        """What the worker says."""
        return self.path / "worker.log"

    @property
    def failure(self) -> Path:
        """Why it failed, in a sentence, where it did."""
        return self.path / FAILURE

    @property
    def provenance(self) -> Path:
        """Written last: exists means that the adapter is whole."""
        return self.path / PROVENANCE

    @property
    def weights(self) -> Path:
        """The adapter itself."""
        return self.path / WEIGHTS

    def keep_job(self, job: TrainingJob) -> None:
        """Write `job.json`. Raises TrainerError where another job is there, and OSError."""
        before = self._job_before()
        if before is not None and before.key != job.key:
            raise TrainerError(
                f"{self.path} belongs to another training ({before.trainer}, data "
                f"{before.data[:8]}, job {before.key}); name another folder, or remove that one"
            )
        if before != job:
            write_json(self.job, job)

    def _job_before(self) -> TrainingJob | None:
        try:
            return msgspec.json.decode(self.job.read_bytes(), type=TrainingJob)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise TrainerError(
                f"{self.job} cannot be read: {error}; remove {self.path} to begin anew"
            ) from error

    def finished(self, job: TrainingJob) -> Provenance | None:
        """The provenance where the adapter is there and is what it says; None where it is not.

        Reads the weights. Raises TrainerError where it is the adapter of another job.
        """
        if not self.provenance.exists() or self.problem(job) is not None:
            return None
        return read_provenance(self.path)

    def problem(self, job: TrainingJob) -> str | None:
        """What is wrong with the adapter that the worker left; None where nothing is.

        Raises TrainerError where it is the adapter of another job.
        """
        if not self.provenance.exists():
            return f"wrote no {PROVENANCE}"
        try:
            said = read_provenance(self.path)
        except AdapterError as error:
            return f"left a provenance that cannot be read ({error})"
        if said.job.key != job.key:
            raise TrainerError(
                f"{self.path} holds the adapter of another training (job {said.job.key}, data "
                f"{said.data.hash[:8]}); name another folder, or remove that one"
            )
        if not (self.path / SETTINGS).is_file() or not self.weights.is_file():
            return f"left no {SETTINGS if self.weights.is_file() else WEIGHTS}"
        other = other_file(self.path, said) if said.adapter_sha256 else WEIGHTS
        if other:
            return f"left a {other} that is not the one its {PROVENANCE} speaks of"
        if len(said.losses) != said.steps or not said.steps:
            return f"left a {PROVENANCE} with {len(said.losses)} losses of {said.steps} steps"
        return None

    @contextmanager
    def held(self) -> Generator[None]:
        """Keep every other host out until this one ends; the folder is made.

        Raises TrainerError, and OSError where the folder cannot be written.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with self._lock(".host.lock") as file:
            if file is not None:
                note(file, os.getpid())
            else:
                raise TrainerError(
                    f"{self.path} is being trained by process {self._pid('.host.lock')}; wait for "
                    "it, or stop it"
                )
            yield

    @contextmanager
    def for_worker(self) -> Generator[IO[str]]:
        """A lock for the worker, which has it for as long as one of its processes lives.

        Raises TrainerError where a worker that an earlier host left behind still has it.
        """
        with self._lock(".worker.lock") as file:
            if file is None:
                raise TrainerError(
                    f"process {self.orphan} still writes in {self.path}; end it, and run the same "
                    "command again"
                )
            note(file, 0)
            yield file

    def is_free(self) -> bool:
        """Whether no worker writes here."""
        with self._lock(".worker.lock") as file:
            return file is not None

    @property
    def orphan(self) -> int:
        """Process group of the worker that has the lock; 0 where that is not known."""
        return self._pid(".worker.lock")

    @contextmanager
    def _lock(self, name: str) -> Generator[IO[str] | None]:
        with (self.path / name).open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield file

    def _pid(self, name: str) -> int:
        with suppress(OSError, ValueError):
            return int((self.path / name).read_text("utf-8"))
        return 0


def note(file: IO[str], pid: int) -> None:
    """Write into a lock who has it."""
    file.truncate(0)
    file.write(str(pid))
    file.flush()
