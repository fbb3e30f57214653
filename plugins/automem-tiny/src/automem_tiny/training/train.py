"""`python -m automem_tiny.training.train`: from lessons to weights; goes on where it stopped."""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

os.environ["OMP_NUM_THREADS"] = "1"

from automem_tiny.training import checkpoints, curve
from automem_tiny.training.learner import Alone, Sums, Task, Together, learning, one_thread
from automem_tiny.training.lessons import Encoder
from automem_tiny.training.network import SIZES, make_network
from automem_tiny.training.optimizer import Optimizer
from automem_tiny.training.parameters import Shape, fill
from automem_tiny.training.pools import file_digest, tokens_of
from automem_tiny.training.telling import Teller
from automem_tiny.training.tokenizer import copy_tokenizer

FORM: Final = 2
"""Of the computation: a checkpoint of another one is not gone on with."""
BATCH: Final = 32
WARM_STEPS: Final = 60
LAST_RATE: Final = 0.03
"""The share of the rate that is left at the end."""
CHECKPOINT_SECONDS: Final = 20.0


def main() -> int:
    """Train as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("out", type=Path, help="folder with the tokenizer; the weights go there")
    parser.add_argument("lessons", type=Path, nargs="+")
    parser.add_argument("--size", choices=tuple(SIZES), default="small")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=BATCH, help="lessons in a step")
    parser.add_argument("--start", type=Path, help="folder with weights to begin with")
    parser.add_argument(
        "--processes",
        type=int,
        choices=(1, 2),
        default=min(2, os.cpu_count() or 1),
        help="both give the same weights",
    )
    parser.add_argument("--checkpoint-seconds", type=float, default=CHECKPOINT_SECONDS)
    given = parser.parse_args()
    one_thread()
    try:
        return run(given)
    except checkpoints.OtherTrainingError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2


def run(given: argparse.Namespace) -> int:
    """To the last step, or to a signal; its number as a shell has it, 0 when done."""
    if given.start:
        given.out.mkdir(parents=True, exist_ok=True)
        copy_tokenizer(given.start, given.out)
    numbers = _numbers(given)
    if checkpoints.finished(given.out, numbers):
        return 0
    encoder = Encoder(given.out)
    end, padding = encoder.token("<|im_end|>"), encoder.token("<|endoftext|>")
    network = make_network(given.size, encoder.size, end, padding, given.seed, encoder.values)
    shape = Shape.of(network.config)
    lessons = tuple(map(str, given.lessons))
    for path in given.lessons:
        tokens_of(path, encoder)  # once, before there are two processes that need them
    task = Task(shape, str(given.out), lessons, given.seed, given.steps, given.batch)
    with learning(task, given.processes) as learner:
        fill(shape, learner.weights, _beginning(network, given.start))
        training = Training(given, numbers, learner, Optimizer.new(shape, learner.weights))
        ended = training.run()
        if not ended:
            told = {"numbers": numbers, "processes": given.processes, "held_out": training.found}
            checkpoints.finish(given.out, network, training.optimizer, told)
    return 128 + ended if ended else 0


def _numbers(given: argparse.Namespace) -> dict[str, Any]:
    """All that the weights depend on."""
    return {
        "form": FORM,
        "size": given.size,
        "steps": given.steps,
        "rate": given.rate,
        "seed": given.seed,
        "batch": given.batch,
        "tokenizer": file_digest(given.out / "tokenizer.json").hex(),
        "lessons": [file_digest(path).hex() for path in given.lessons],
        "start": file_digest(given.start / "model.safetensors").hex() if given.start else None,
    }


def _beginning(network: Any, start: Path | None) -> dict[str, Any]:
    if start is None:
        return network.state_dict()
    from safetensors.torch import load_file

    return load_file(start / "model.safetensors")


@dataclass(slots=True)
class Training:
    """The loop."""

    given: argparse.Namespace
    numbers: dict[str, Any]
    learner: Alone | Together
    optimizer: Optimizer
    found: dict[str, dict[str, float | int]] | None = None
    """What the held-out lessons came to at the end."""
    _signal: int = 0

    def run(self) -> int:
        """To the last step: 0; or to a signal: its number."""
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, self._stop)
        out, steps = self.given.out, self.given.steps
        step, since = checkpoints.load(out, self.optimizer, self.numbers)
        curve.cut(out / "curve.jsonl", step)
        teller = Teller(step, steps)
        saved = time.monotonic()
        while step < steps and not self._signal:
            gradients, sums = self.learner.gradients(step)
            self.optimizer.move(gradients, rate(step, steps, self.given.rate), step)
            step, since = step + 1, since.plus(sums)
            teller.tell(step, sums)
            if step % curve.EVERY == 0 or step == steps:
                self._look(step, since)
                since = Sums()
            if time.monotonic() - saved >= self.given.checkpoint_seconds:
                checkpoints.save(out, self.optimizer, step, since, self.numbers)
                saved = time.monotonic()
        teller.close()
        if self._signal:
            checkpoints.save(out, self.optimizer, step, since, self.numbers)
        return self._signal

    def _look(self, step: int, since: Sums) -> None:
        last = step == self.given.steps
        most = curve.MOST if last else curve.SOME
        self.found = curve.held_out(self.learner.view, self.learner.batches.pools, most)
        point = {
            "step": step,
            "loss": round(since.loss / ((step - 1) % curve.EVERY + 1), 5),
            "reply_loss": round(since.reply / max(1, since.replies), 5),
            "held_out": self.found,
        }
        curve.add(self.given.out / "curve.jsonl", point)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._signal = number


def rate(step: int, steps: int, most: float) -> float:
    """A warm-up, then half a cosine."""
    if step < WARM_STEPS:
        return most * (step + 1) / WARM_STEPS
    share = (step - WARM_STEPS) / max(1, steps - WARM_STEPS)
    return most * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * share)))


if __name__ == "__main__":
    sys.exit(main())
