"""The trainer `unsloth`: its kernels under our own loop, in an interpreter of its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from automem.errors import TrainerError
from automem.processes.interpreters import python_of
from automem.records._struct import Record
from automem.records.training import Launch, TrainingJob
from automem_train.trainers.bases import check_base, check_examples

_WORKER = "automem_train.workers.unsloth_worker"
_VERSIONS = (
    "import importlib.metadata as m\n"
    "for name in ('unsloth', 'unsloth_zoo', 'torch'): print(name, m.version(name))"
)
_LOOK_SECONDS = 60.0
_DRIVER = Path("/proc/driver/nvidia/version")
"""Of the GPU: there where its driver is loaded."""


class UnslothOptions(Record):
    """What the machine gives to a training; none of it changes what is learned."""

    threads: Annotated[int, Meta(ge=1)] = 1
    """Of the CPU."""
    cpu_fallback: bool = True
    """Train on the CPU where there is no GPU; otherwise that is refused."""
    interpreter: str = "unsloth"
    """The named interpreter it runs in, made by `automem setup`."""


@dataclass(frozen=True, slots=True)
class UnslothTrainer:
    """Starts one worker, on one GPU or on the CPU."""

    options: UnslothOptions
    platform: str = sys.platform
    driver: Path = _DRIVER

    @property
    def processes(self) -> int:
        """One alone."""
        return 1

    def check(self, job: TrainingJob) -> None:
        """Refuse what cannot be done here. Raises TrainerError, PluginError."""
        if self.platform != "linux":
            raise TrainerError(
                f"the trainer unsloth runs on Linux here, and this is {self.platform}; use the "
                'trainer "peft"'
            )
        check_base(job.base)
        check_examples(job)
        for_cpu = self._torch().endswith("+cpu")
        if for_cpu and self.driver.exists():
            raise TrainerError(
                f"this machine has a GPU, and the interpreter '{self.options.interpreter}' has a "
                "torch for CPUs, which unsloth refuses then; make it again for the GPU: "
                f"automem setup {self.options.interpreter} --remove, then UV_TORCH_BACKEND=auto "
                f"automem setup {self.options.interpreter}"
            )
        if for_cpu and not self.options.cpu_fallback:
            raise TrainerError(
                "cpu_fallback is off, and there is no GPU that the interpreter "
                f"'{self.options.interpreter}' could use; set cpu_fallback = true, or train on a "
                "machine with a GPU"
            )

    def launch(self, folder: Path) -> Launch:
        """How the process for this folder is started. Raises PluginError."""
        options = self.options
        # Isolated: PYTHONPATH names packages for the Python of the host.
        begin = (python_of(options.interpreter), "-I", "-m", _WORKER)
        return Launch(
            argv=(*begin, "--threads", str(options.threads), str(folder)),
            environ={} if options.cpu_fallback else {"UNSLOTH_DISABLE_CPU_FALLBACK": "1"},
        )

    def _torch(self) -> str:
        """Version of torch beside unsloth; nothing of either is imported. Raises TrainerError."""
        name = self.options.interpreter
        try:
            found = subprocess.run(  # noqa: S603 - the interpreter that AutoMem made
                (python_of(name), "-I", "-c", _VERSIONS),
                check=False,
                capture_output=True,
                encoding="utf-8",
                timeout=_LOOK_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise TrainerError(
                f"the Python of the interpreter '{name}' does not answer; try again, or make it "
                f"again: automem setup {name}"
            ) from error
        versions = dict(line.split() for line in found.stdout.splitlines())
        if found.returncode or "torch" not in versions:
            raise TrainerError(
                f"the interpreter '{name}' does not hold unsloth; make one that does: automem "
                "setup unsloth"
            )
        return versions["torch"]
