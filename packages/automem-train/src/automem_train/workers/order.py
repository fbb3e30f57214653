"""Which examples are learned when, and how fast: pure functions of seed, epoch and step."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from automem.records.training import LoraSettings, Schedule


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a training, for so many examples and processes."""

    lora: LoraSettings
    examples: int
    processes: int = 1

    @property
    def size(self) -> int:
        """Examples of one step."""
        return self.lora.batch * self.lora.accumulate * self.processes

    @property
    def steps_per_epoch(self) -> int:
        """The last one of an epoch may be smaller."""
        return -(-self.examples // self.size)

    @property
    def steps(self) -> int:
        """In all."""
        return self.steps_per_epoch * self.lora.epochs

    def step(self, number: int) -> list[int]:
        """The examples of a step, counted from 1."""
        epoch, within = divmod(number - 1, self.steps_per_epoch)
        order = order_of(self.lora.seed, epoch, self.examples)
        return order[within * self.size : (within + 1) * self.size]

    def passes(self, number: int, process: int = 0) -> list[list[int]]:
        """The examples of each pass of one process in a step; as many passes for every process.

        Towards the end of an epoch a pass of a process may have no examples.
        """
        chosen = self.step(number)
        width = self.lora.batch * self.processes
        begin = self.lora.batch * process
        return [
            chosen[at + begin : at + begin + self.lora.batch] for at in range(0, len(chosen), width)
        ]

    def epoch(self, number: int) -> float:
        """Passes over the data when a step is done."""
        return number / self.steps_per_epoch

    def ends_epoch(self, number: int) -> bool:
        """Whether a step is the last of its epoch."""
        return number % self.steps_per_epoch == 0

    def learning_rate(self, number: int) -> float:
        """Of a step, counted from 1."""
        lora = self.lora
        return lora.learning_rate * factor(number - 1, self.steps, lora.schedule, lora.warmup)


def order_of(seed: int, epoch: int, examples: int) -> list[int]:
    """The numbers of all examples in the order of an epoch, both counted from 0."""
    # A text is hashed, so that neighboring seeds and epochs have nothing in common; and `random`
    # is what every version of Python draws alike.
    drawn = random.Random(f"{seed}/{epoch}")  # noqa: S311 - an order, no secret
    keys = [drawn.random() for _ in range(examples)]
    return sorted(range(examples), key=keys.__getitem__)


def factor(done: int, steps: int, schedule: Schedule, warmup: float) -> float:
    """The share of the learning rate that the step after `done` steps has.

    As in transformers: the first step of a warm-up has none. A last step always has some.
    """
    rising = min(math.ceil(warmup * steps), steps - 1)
    if done < rising:
        return done / rising
    if schedule == "constant":
        return 1.0
    share = (done - rising) / max(1, steps - rising)
    return 1.0 - share if schedule == "linear" else 0.5 * (1.0 + math.cos(math.pi * share))
