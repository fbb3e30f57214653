"""A training from its job to its adapter; it may be interrupted anywhere and is then gone on with.

The worker is a child under a supervisor: it ends with this process, however that ends, and has a
moment to keep a checkpoint. A lock that the worker itself holds keeps two of them from one folder.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import anyio
import anyio.to_thread

from automem.errors import LimitReached, TrainerError
from automem.processes.child import Child, child
from automem.processes.supervisor import supervised
from automem.processes.tail import Tail, last_lines
from automem.protocols import Trainer
from automem.records.training import Launch, Provenance, TrainingJob
from automem.ui.training import TrainingProgress
from automem_train.training.failing import GOES_ON, failure_of, free_bytes_at, unwritten
from automem_train.training.folder import TrainingFolder, note
from automem_train.training.following import Following
from automem_train.training.orphan import end_orphan

ShowTraining = Callable[[TrainingProgress, str], AbstractAsyncContextManager[None]]
"""Shows the progress of one training, under a title, while it runs."""


@asynccontextmanager
async def unseen_training(progress: TrainingProgress, title: str) -> AsyncGenerator[None]:
    """Shows nothing."""
    del progress, title
    yield


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a worker is waited for; all in seconds."""

    silence: float = 3600.0
    """Without a new step and without a word in its log; loading a large base takes a while."""
    grace: float = 60.0
    """For the checkpoint of a worker that is told to end; a step may have to be finished first."""
    look: float = 0.5
    """Between two looks at its progress."""


@dataclass(slots=True)
class _Sitting:
    """One life of one worker."""

    job: TrainingJob
    folder: TrainingFolder
    patience: Patience
    progress: TrainingProgress
    seconds: float | None

    async def run(self, launch: Launch) -> None:
        """Until the worker ends. Raises TrainerError unless it ended well, and LimitReached."""
        if not self.folder.is_free():
            self.progress.doing = "waiting for the worker of an earlier start to end"
            patience = self.patience
            await end_orphan(self.folder, grace_seconds=patience.grace, look_seconds=patience.look)
        with self.folder.for_worker() as lock:
            self.folder.failure.unlink(missing_ok=True)
            # It exists only where it was found to be of no whole adapter.
            self.folder.provenance.unlink(missing_ok=True)
            await self._work(launch, lock)

    async def _work(self, launch: Launch, lock: IO[str]) -> None:
        tail = Tail.at_end(self.folder.log)
        self.progress.doing = f"{self.job.trainer} is starting"
        async with child(
            supervised(launch.argv, self.patience.grace),
            log=self.folder.log,
            env=launch.environ,
            # The supervisor kills what does not end; it needs a moment after its own wait.
            grace_seconds=self.patience.grace + 5.0,
            pass_fds=(lock.fileno(),),
        ) as worker:
            note(lock, worker.pid)
            with anyio.move_on_after(self.seconds) as scope:
                await self._watch(worker, tail)
            if scope.cancelled_caught:
                raise LimitReached(
                    f"the training in {self.folder.path} was ended after {self.seconds:g} s; "
                    f"{GOES_ON}"
                )
        status = worker.process.returncode
        if status != 0:
            raise failure_of(
                self.job.trainer,
                self.folder,
                status or 0,
                tail.text(),
                free_bytes=free_bytes_at(self.folder.path),
            )

    async def _watch(self, worker: Child, tail: Tail) -> None:
        """Read its progress until it has ended. Raises TrainerError where it has gone silent."""
        following = Following(self.folder.progress, self.progress.steps)
        heard = anyio.current_time()
        while worker.process.returncode is None:
            with anyio.move_on_after(self.patience.look):
                await worker.process.wait()
            if following.look():
                self.progress.doing, heard = "", anyio.current_time()
            if said := tail.last_line():
                heard = anyio.current_time()
                if not self.progress.steps:
                    self.progress.doing = said
            silence = anyio.current_time() - heard
            if worker.process.returncode is None and silence > self.patience.silence:
                raise TrainerError(
                    f"the trainer {self.job.trainer} has said nothing for {silence:.0f} s and was "
                    f"ended; its log is {self.folder.log}{last_lines(tail.text())}\nIf the machine "
                    f"is well, {GOES_ON}"
                )
        while following.look():
            self.progress.doing = ""


async def train(
    job: TrainingJob,
    trainer: Trainer,
    folder: Path,
    *,
    title: str = "",
    show: ShowTraining = unseen_training,
    patience: Patience | None = None,
    seconds: float | None = None,
) -> Provenance:
    """Have a job trained in its folder; at once where its adapter is there and whole.

    `seconds` bounds this sitting. Raises TrainerError, LimitReached and what `trainer.launch`
    raises; the same call goes on from the last checkpoint.
    """
    place = TrainingFolder(folder)
    found = await anyio.to_thread.run_sync(place.finished, job)
    if found is not None:
        return found
    await anyio.to_thread.run_sync(trainer.check, job)
    progress = TrainingProgress()
    sitting = _Sitting(job, place, patience or Patience(), progress, seconds)
    try:
        with place.held():
            place.keep_job(job)
            async with show(progress, title or f"training by {job.trainer}"):
                await sitting.run(trainer.launch(folder))
    except OSError as error:
        raise unwritten(folder, error) from error
    return await anyio.to_thread.run_sync(_whole, place, job)


def _whole(folder: TrainingFolder, job: TrainingJob) -> Provenance:
    """What the worker left. Raises TrainerError where it is not what it has to be."""
    found = folder.finished(job)
    if found is None:
        raise TrainerError(
            f"the trainer {job.trainer} ended well, but {folder.problem(job)}; its log is "
            f"{folder.log}: mend the trainer, or choose another one"
        )
    return found
