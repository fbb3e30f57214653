"""Jobs for real workers, and workers that are killed in the middle of them."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from automem.files import write_json, write_text
from automem.processes.child import inherited
from automem.records.training import LoraSettings, Provenance, TrainingJob, TrainingStep
from automem_train.trainers.peft import PeftOptions, PeftTrainer

WORDS: Final = (
    *("you", "see", "a", "wall", "to", "the", "north", "and", "door", "step", "note"),
    *("memory", "append", "read", "search", "map"),
)

LIMIT_SECONDS: Final = 300.0


def examples(count: int, words: int = 60) -> str:
    """Conversations of two replies, the same ones every time."""
    drawn = random.Random(3)

    def said(least: int, most: int) -> str:
        return " ".join(drawn.choices(WORDS, k=drawn.randint(least, most)))

    lines: list[str] = []
    for number in range(count):
        messages = [
            {"role": "system", "content": said(20, 20)},
            {"role": "user", "content": said(words // 2, words)},
            {"role": "assistant", "content": said(5, 20)},
            {"role": "user", "content": said(10, 10)},
            {"role": "assistant", "content": said(5, 30)},
        ]
        lines.append(
            json.dumps({"evaluation": "e", "task": "t", "seed": number % 5, "messages": messages})
        )
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Folder:
    """A job's folder."""

    path: Path
    trainer: PeftTrainer

    @property
    def steps(self) -> list[TrainingStep]:
        """All lines of progress, of which none may be torn."""
        lines = (self.path / "progress.jsonl").read_bytes().splitlines()
        return [msgspec.json.decode(line, type=TrainingStep) for line in lines]

    @property
    def losses(self) -> list[float]:
        return [step.loss for step in self.steps]

    @property
    def provenance(self) -> Provenance:
        return msgspec.json.decode((self.path / "provenance.json").read_bytes(), type=Provenance)

    @property
    def adapter(self) -> bytes:
        return (self.path / "adapter_model.safetensors").read_bytes()

    @property
    def failure(self) -> str:
        return (self.path / "failure.txt").read_text(encoding="utf-8")

    @property
    def log(self) -> str:
        return (self.path / "worker.log").read_text(encoding="utf-8")

    def start(self) -> subprocess.Popen[bytes]:
        """A worker in a group of its own, as a host starts one."""
        launch = self.trainer.launch(self.path)
        with (self.path / "worker.log").open("ab") as log:
            return subprocess.Popen(
                launch.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**inherited(os.environ), **launch.environ},
                start_new_session=True,
            )

    def train(self) -> int:
        """To its end; the status."""
        return self.start().wait(LIMIT_SECONDS)

    def train_until(self, step: int, number: signal.Signals) -> int:
        """Send a signal to the whole group as soon as a step is written down; the status."""
        process = self.start()
        self.reached(step, process)
        os.killpg(process.pid, number)
        return process.wait(LIMIT_SECONDS)

    def reached(self, step: int, process: subprocess.Popen[bytes]) -> None:
        """Wait until a step is written down."""
        until = time.monotonic() + LIMIT_SECONDS
        while not self.wrote(step):
            assert process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.002)

    def wrote(self, step: int) -> bool:
        """Whether the last whole line is that step or a later one."""
        try:
            lines = (self.path / "progress.jsonl").read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return False
        return len(lines) >= step

    def trained(self) -> Folder:
        """Itself, when it is trained to the end."""
        status = self.train()
        assert status == 0, self.log
        return self


def job_in(
    folder: Path,
    base: Path,
    *,
    options: PeftOptions | None = None,
    lines: str | None = None,
    lora: dict[str, Any] | None = None,
    **fields: Any,
) -> Folder:
    """A small job; `lora` and `fields` change it."""
    text = lines if lines is not None else examples(24)
    write_text(folder / "examples.jsonl", text)
    usual = {"rank": 8, "alpha": 16.0, "learning_rate": 1e-3, "epochs": 2, "accumulate": 2}
    job = TrainingJob(
        trainer="peft",
        base=str(base),
        data="d" * 16,
        examples=str(folder / "examples.jsonl"),
        examples_sha256=hashlib.sha256(text.encode()).hexdigest(),
        lora=LoraSettings(**{**usual, **(lora or {})}),
        **{"precision": "float32", **fields},
    )
    write_json(folder / "job.json", job)
    return Folder(folder, PeftTrainer(options or PeftOptions()))
