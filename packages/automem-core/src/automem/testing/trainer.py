"""A trainer without torch: a real process that keeps to the contract and learns nothing.

Its adapter is as small as one can be; what it holds is a function of the job. A loop that trains
can be tested with it, and so can whatever starts trainers: what goes wrong is ordered by `faults`,
as `automem.testing.training_worker` names them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from automem.errors import TrainerError
from automem.hooks import hookimpl
from automem.records._struct import Record
from automem.records.training import Launch, TrainingJob
from automem.spec import Spec

_WORKER = "automem.testing.training_worker"


class ToyTrainerOptions(Record):
    """How long it takes, and what goes wrong."""

    steps: Annotated[int, Meta(ge=1)] = 4
    """Of the optimizer, for each epoch of the job."""
    faults: tuple[str, ...] = ()
    """Each is `NAME` or `NAME=STEP`: right before that step, counted from 1."""
    once: str = ""
    """A file: the faults hold until it is there, and the first process makes it."""
    refuses: str = ""
    """What `check` says to every job; nothing is refused where it is empty."""


@dataclass(frozen=True, slots=True)
class ToyTrainer:
    """Starts the worker with this Python."""

    options: ToyTrainerOptions = field(default_factory=ToyTrainerOptions)

    @property
    def processes(self) -> int:
        """One alone."""
        return 1

    def check(self, job: TrainingJob) -> None:
        """Refuse what it was ordered to. Raises TrainerError."""
        if self.options.refuses:
            raise TrainerError(f"{job.trainer}: {self.options.refuses}")

    def launch(self, folder: Path) -> Launch:
        """How the process for this folder is started."""
        options = self.options
        once = ("--once", options.once) if options.once else ()
        faults = [word for fault in options.faults for word in ("--fault", fault)]
        argv = (sys.executable, "-I", "-m", _WORKER, "--steps", str(options.steps), *once, *faults)
        return Launch(argv=(*argv, str(folder)))


@hookimpl
def automem_trainers() -> Iterable[Spec]:
    """The trainer that learns nothing."""
    return [
        Spec(
            name="toy-trainer",
            make="automem.testing.trainer:ToyTrainer",
            summary="Writes an adapter that nothing was learned for, for tests.",
            config="automem.testing.trainer:ToyTrainerOptions",
        )
    ]


def trainer_entry_point() -> EntryPoint:
    """The entry point of this module as a plugin, for `load_plugins(entry_points=...)`."""
    return EntryPoint(name="toy-trainer", value="automem.testing.trainer", group="automem")
