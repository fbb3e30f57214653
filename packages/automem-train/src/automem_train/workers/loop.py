"""The loop: passes, a step, a line of progress, and from time to time a checkpoint.

A step is a function of the weights, the optimizer's moments and its number alone: the order of
examples, the learning rate and the seed of dropout are computed from the number. So a training that
is killed anywhere and goes on from its checkpoint gives the same bytes.
"""
# torch is in interpreters of trainers only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import hashlib
import math
import os
import signal
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from accelerate import Accelerator

from automem.errors import TrainerError
from automem.records.training import TrainingStep
from automem_train.workers.checkpoint import Checkpoint, State, load_checkpoint, save_checkpoint
from automem_train.workers.failing import Stopped
from automem_train.workers.jobs import Work
from automem_train.workers.order import Plan
from automem_train.workers.passes import Network, batch_of
from automem_train.workers.progress import Progress
from automem_train.workers.rows import Row
from automem_train.workers.sharding import Learned, agreed, summed, whole


@dataclass(slots=True)
class Stop:
    """Whether this process was told to end, or has lost the one that started it."""

    told: bool = False
    _parent: int = field(default_factory=os.getppid)

    def listen(self) -> None:
        """From now on SIGTERM and SIGINT are remembered, and end nothing by themselves."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)

    def __bool__(self) -> bool:
        return self.told or os.getppid() != self._parent

    def _tell(self, _number: int, _frame: Any) -> None:
        self.told = True


@dataclass(slots=True)
class Training:
    """One sitting of a training; the model and optimizer are those that accelerate prepared."""

    work: Work
    rows: Sequence[Row]
    accelerator: Accelerator
    network: Network
    learned: Learned
    padding: int
    stop: Stop
    base: str
    """Hash of the base's files."""
    _progress: Progress | None = field(default=None, init=False)
    _began: float = field(default_factory=time.monotonic, init=False)
    _before: float = field(default=0.0, init=False)
    """Seconds of earlier sittings."""
    _saved: float = field(default_factory=time.monotonic, init=False)

    @property
    def plan(self) -> Plan:
        """Which examples are learned when."""
        return Plan(self.work.job.lora, len(self.rows), self.accelerator.num_processes)

    @property
    def seconds(self) -> float:
        """Wall time of all sittings."""
        return self._before + time.monotonic() - self._began

    def run(self) -> list[TrainingStep]:
        """Go on from the last checkpoint to the end. Raises Stopped, TrainerError.

        The steps of all sittings; only the first process has them.
        """
        plan, done = self.plan, self._restore()
        if self.accelerator.is_main_process:
            self._progress = Progress.after(self.work.folder, done)
        self.learned.model.train()
        for number in range(done + 1, plan.steps + 1):
            step = self._step(plan, number)
            if self._progress is not None:
                self._progress.write(step)
            self._keep(number, due=plan.ends_epoch(number))
        if self._progress is None:
            return []
        self._progress.close()
        return self._progress.steps

    def weights(self) -> dict[str, torch.Tensor]:
        """What was learned, whole, by name; every process has to take part."""
        return {name: whole(weight) for name, weight in self.learned.weights().items()}

    def _restore(self) -> int:
        count = self.accelerator.num_processes
        found = load_checkpoint(self.work.folder, self.work.job.key, count, self.base)
        if found is None:
            return 0
        self.learned.restore(found.tensors, found.state.step)
        self._before = found.state.seconds
        return found.state.step

    def _step(self, plan: Plan, number: int) -> TrainingStep:
        began = time.monotonic()
        accelerator, lora = self.accelerator, self.work.job.lora
        rows = [self.rows[at] for at in plan.step(number)]
        labelled = sum(row.learned for row in rows)
        torch.manual_seed(_seed(lora.seed, number, accelerator.process_index))
        rate = plan.learning_rate(number)
        for group in self.learned.optimizer.param_groups:
            group["lr"] = rate
        loss = self._gradients(plan, number, labelled)
        norm = torch.nn.utils.clip_grad_norm_(self.learned.weights().values(), lora.clip)
        gradient = float(whole(norm))
        if not (math.isfinite(loss) and math.isfinite(gradient)):
            raise TrainerError(
                f"the loss of step {number} is {loss} with a gradient of {gradient}; lower "
                'learning_rate, or train with precision = "float32"',
                settings_failed=True,
            )
        self.learned.optimizer.step()
        self.learned.optimizer.zero_grad()
        return TrainingStep(
            step=number,
            steps=plan.steps,
            epoch=plan.epoch(number),
            loss=loss,
            learning_rate=rate,
            gradient=gradient,
            labelled=labelled,
            tokens=sum(len(row.tokens) for row in rows),
            seconds=time.monotonic() - began,
        )

    def _gradients(self, plan: Plan, number: int, labelled: int) -> float:
        """Those of the mean loss over the whole step, which is returned."""
        accelerator = self.accelerator
        passes = plan.passes(number, accelerator.process_index)
        total = torch.zeros((), device=accelerator.device)
        # Gradients of several processes are averaged, and here the sum is wanted.
        scale = accelerator.num_processes / labelled
        for at, chosen in enumerate(passes, 1):
            batch = batch_of(
                [self.rows[one] for one in chosen], self.rows[0], self.padding, accelerator.device
            )
            apart = at < len(passes)
            with accelerator.no_sync(self.learned.model) if apart else nullcontext():
                loss = self.network.loss(batch)
                accelerator.backward(loss * scale)
            total += loss.detach()
        return summed(accelerator, total) / labelled

    def _keep(self, number: int, *, due: bool) -> None:
        """Keep a checkpoint where one is due, and end where the program was told to."""
        since = time.monotonic() - self._saved
        mine = (due or since >= self.work.job.save_seconds, bool(self.stop))
        save, stop = agreed(self.accelerator, mine)
        if save or stop:
            tensors = self.learned.tensors()
            if self.accelerator.is_main_process:
                state = State(
                    job=self.work.job.key,
                    step=number,
                    processes=self.accelerator.num_processes,
                    seconds=self.seconds,
                    base=self.base,
                )
                save_checkpoint(self.work.folder, Checkpoint(state, tensors))
            self._saved = time.monotonic()
        if stop:
            raise Stopped


def _seed(seed: int, step: int, process: int) -> int:
    """Of dropout in one step of one process."""
    digest = hashlib.sha256(f"{seed}/{step}/{process}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1
