"""The process of the toy trainer: `python -m automem.testing.training_worker FOLDER`.

It goes on from its checkpoint, ends with a checkpoint when it is told to, and gives the same bytes
for the same job. What goes wrong is ordered with `--fault NAME[=STEP]`, any number of times:

    dies            a signal kills it
    fails           it says why in failure.txt and ends with 1
    diverges        likewise with 65: the job's own settings are the cause
    hangs           it says nothing any more, until it is told to end
    deaf            likewise, and only a kill ends it
    garbage         it writes what is no step into progress.jsonl
    child           a process of its own hangs on it, which must end with it
    wrong-hash      its provenance speaks of other weights
    no-provenance   it ends well, and wrote none
    other-job       its provenance is that of another job
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from automem.files import replacing, write_json, write_text
from automem.records._struct import Record
from automem.records.training import (
    FAILED_BY_SETTINGS,
    BaseIdentity,
    DataIdentity,
    Provenance,
    TrainingJob,
    TrainingStep,
)
from automem.testing.adapters import write_adapter

FAILED, TOLD_TO_STOP = 1, 143
_AT_STEP = ("dies", "fails", "diverges", "hangs", "deaf", "garbage", "child")
_AT_END = ("wrong-hash", "no-provenance", "other-job")
_FOREVER = 600.0
"""Seconds; longer than anything waits, and yet nothing is left for good."""
_TOKENS, _LABELLED = 120, 30
"""Of each step."""


class State(Record):
    """The whole of a checkpoint."""

    job: str
    step: int


@dataclass(slots=True)
class Worker:
    """One sitting of a training."""

    folder: Path
    job: TrainingJob
    steps: int
    faults: dict[str, int]
    """Name -> the step it comes before."""
    told: bool = False
    _progress: BinaryIO | None = field(default=None, init=False)

    def run(self) -> int:
        """Train to the end, or until it is told to stop; the status."""
        if (self.folder / "provenance.json").exists():
            return 0
        done = self._begin()
        for number in range(done + 1, self.steps + 1):
            if self.told:
                return TOLD_TO_STOP
            status = self._fail(number)
            if status:
                return status
            self._write(msgspec.json.encode(self._step(number)) + b"\n")
            write_json(self.folder / "checkpoint" / "state.json", State(job=self.key, step=number))
        self._finish()
        return 0

    @property
    def key(self) -> str:
        """Of the job."""
        return self.job.key

    def tell(self, *_: object) -> None:
        """Remember to stop."""
        self.told = True

    def _begin(self) -> int:
        """The step of the checkpoint; lines of progress behind it are cut off."""
        state = self.folder / "checkpoint" / "state.json"
        done = 0
        if state.exists():
            done = msgspec.json.decode(state.read_bytes(), type=State).step
        progress = self.folder / "progress.jsonl"
        kept = self._steps()[:done]
        with replacing(progress) as file:
            file.writelines(msgspec.json.encode(step) + b"\n" for step in kept)
        self._progress = progress.open("ab", buffering=0)
        return done

    def _steps(self) -> list[TrainingStep]:
        """What progress has, without the garbage."""
        progress = self.folder / "progress.jsonl"
        steps: list[TrainingStep] = []
        for line in progress.read_bytes().split(b"\n")[:-1] if progress.exists() else ():
            with suppress(msgspec.MsgspecError, UnicodeDecodeError):
                steps.append(msgspec.json.decode(line, type=TrainingStep))
        return steps

    def _write(self, raw: bytes) -> None:
        """In two pieces, as a reader may find any line."""
        if self._progress is not None:
            half = len(raw) // 2
            self._progress.write(raw[:half])
            self._progress.write(raw[half:])

    def _step(self, number: int) -> TrainingStep:
        drawn = hashlib.sha256(f"{self.key}/{number}".encode()).digest()[0] / 255
        return TrainingStep(
            step=number,
            steps=self.steps,
            epoch=self.job.lora.epochs * number / self.steps,
            loss=round(2.0 / (1 + 0.3 * number) + 0.05 * drawn, 6),
            learning_rate=self.job.lora.learning_rate,
            gradient=1.0,
            labelled=_LABELLED,
            tokens=_TOKENS,
            seconds=0.01,
        )

    def _fail(self, number: int) -> int:
        """What was ordered for this step; the status where it ends the process."""
        due = {name for name, step in self.faults.items() if step == number}
        if "child" in due:
            sleeper = f"import time; time.sleep({_FOREVER})"
            subprocess.Popen([sys.executable, "-c", sleeper])  # noqa: S603 - our own interpreter
        if "garbage" in due:
            self._write(b'{"step":0,"loss":"low"}\nno JSON at all \xff\n')
        if "dies" in due:
            _log("RuntimeError: the device fell off the bus")
            os.kill(os.getpid(), signal.SIGKILL)
        if "fails" in due or "diverges" in due:
            why = "the loss is nan; lower learning_rate" if "diverges" in due else "no more room"
            write_text(self.folder / "failure.txt", f"{why}\n")
            return FAILED_BY_SETTINGS if "diverges" in due else FAILED
        if "deaf" in due:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(_FOREVER)
        if "hangs" in due:
            until = time.monotonic() + _FOREVER
            while not self.told and time.monotonic() < until:
                time.sleep(0.01)
            return TOLD_TO_STOP
        return 0

    def _finish(self) -> None:
        lora = self.job.lora
        write_adapter(self.folder, rank=lora.rank, weights=self.key.encode())
        if "no-provenance" in self.faults:
            return
        write_json(self.folder / "provenance.json", self._provenance())
        (self.folder / "checkpoint" / "state.json").unlink()
        (self.folder / "checkpoint").rmdir()

    def _provenance(self) -> Provenance:
        weights = (self.folder / "adapter_model.safetensors").read_bytes()
        settings = (self.folder / "adapter_config.json").read_bytes()
        steps = self._steps()
        job = self.job
        if "other-job" in self.faults:
            job = msgspec.structs.replace(job, base=f"{job.base}-2")
        return Provenance(
            base=base_identity(self.job.base),
            data=DataIdentity(
                hash=self.job.data,
                examples=_lines(self.job.examples),
                tokens=_TOKENS * self.steps,
                labelled=_LABELLED * self.steps,
                truncated=0,
            ),
            job=job,
            versions={"automem-core": "toy"},
            steps=len(steps),
            seconds=0.01 * len(steps),
            losses=tuple(step.loss for step in steps),
            adapter_sha256="0" * 64 if "wrong-hash" in self.faults else _sha256(weights),
            settings_sha256=_sha256(settings),
        )


def base_identity(model: str) -> BaseIdentity:
    """Hashes of the files of a base that is a folder, and of its name for what is not there."""

    def of(name: str) -> str:
        file = Path(model) / name
        return _sha256(file.read_bytes() if file.is_file() else f"{model}/{name}".encode())

    return BaseIdentity(
        model=model,
        config_sha256=of("config.json"),
        weights_sha256=_sha256(f"model.safetensors {of('model.safetensors')}\n".encode()),
        tokenizer_sha256=of("tokenizer.json"),
        template_sha256=of("chat_template.jinja"),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; its status."""
    parser = argparse.ArgumentParser(description="A toy trainer's worker.", allow_abbrev=False)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=4, help="for each epoch")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[=STEP]")
    parser.add_argument("--once", type=Path, metavar="FILE")
    given = parser.parse_args(arguments)
    faults = {name: int(step or 1) for name, _, step in (f.partition("=") for f in given.fault)}
    unknown = sorted(set(faults) - {*_AT_STEP, *_AT_END})
    if unknown:
        parser.error(f"no fault named {unknown[0]}; there are {', '.join((*_AT_STEP, *_AT_END))}")
    once: Path | None = given.once
    if once is not None and once.exists():
        faults = {}
    elif once is not None:
        once.touch()
    folder: Path = given.folder
    (folder / "failure.txt").unlink(missing_ok=True)
    job = msgspec.json.decode((folder / "job.json").read_bytes(), type=TrainingJob)
    worker = Worker(folder, job, given.steps * job.lora.epochs, faults)
    signal.signal(signal.SIGTERM, worker.tell)
    _log(f"training on {_lines(job.examples)} examples")
    return worker.run()


def _lines(path: str) -> int:
    file = Path(path)
    return len(file.read_bytes().splitlines()) if file.is_file() else 0


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _log(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
