"""The trainer `peft`: our own loop on torch, transformers and peft, in its own interpreter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from automem.errors import TrainerError
from automem.processes.interpreters import python_of
from automem.records._struct import Record
from automem.records.training import Launch, TrainingJob
from automem_train.trainers.bases import check_base, check_examples

_Count = Annotated[int, Meta(ge=1)]
_WORKER = "automem_train.workers.peft_worker"
_SHARED = "automem_train.workers.shared_worker"


class PeftOptions(Record):
    """What the machine gives to a training; none of it changes what is learned but `processes`."""

    processes: _Count = 1
    """That train together, one for each GPU; each takes `batch` examples of a pass."""
    fsdp: bool = False
    """Give each process a share of the weights (FSDP2); always so where there are several."""
    threads: _Count = 1
    """Of the CPU, for each process."""
    interpreter: str = "peft"
    """The named interpreter it runs in, made by `automem setup`."""


@dataclass(frozen=True, slots=True)
class PeftTrainer:
    """Starts the worker alone, or several of them with `accelerate launch`."""

    options: PeftOptions

    @property
    def processes(self) -> int:
        """That train together."""
        return self.options.processes

    def check(self, job: TrainingJob) -> None:
        """Refuse what cannot be done here. Raises TrainerError, PluginError."""
        if job.processes != self.processes:
            raise TrainerError(
                f"the job is for {job.processes} processes, and the trainer starts "
                f"{self.processes}, whose steps are of other examples; set processes = "
                f"{job.processes} in its options, or give the job a folder of its own"
            )
        check_base(job.base)
        check_examples(job)
        python_of(self.options.interpreter)

    def launch(self, folder: Path) -> Launch:
        """How the process for this folder is started. Raises PluginError."""
        options = self.options
        # Isolated: PYTHONPATH names packages for the Python of the host.
        begin = (python_of(options.interpreter), "-I", "-m")
        threads = ("--threads", str(options.threads))
        worker = (_WORKER, *threads, str(folder))
        if options.processes > 1 or options.fsdp:
            worker = (_SHARED, "--processes", str(options.processes), *threads, str(folder))
        return Launch(
            argv=(*begin, *worker),
            environ={
                "OMP_NUM_THREADS": str(options.threads),
                "TOKENIZERS_PARALLELISM": "false",
                "HF_HUB_DISABLE_TELEMETRY": "1",
            },
        )
