"""Computes the gradients of a half of each batch: here, or in a second process.

The halves are added in one order, so that two processes give the bytes of one. The second process
shares the weights and its gradients with the first over mapped memory, gets the numbers of steps on
its standard input, and ends when that closes.
"""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import contextlib
import ctypes
import json
import mmap
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from automem_tiny.training.batches import HALVES, Batches, Half
from automem_tiny.training.forward import losses
from automem_tiny.training.lessons import Encoder
from automem_tiny.training.moving import Mover
from automem_tiny.training.parameters import Parameters, Shape, fused, total
from automem_tiny.training.pools import Pools, tokens_of

PER_LESSON: Final = 18.75
"""What the loss of a lesson is divided by: a constant, so that short replies do not win."""
_ENDED: Final = "the second process of the training ended; run it again to go on"
_KEEP, _TRIM = -3, -1
"""mallopt's M_MMAP_THRESHOLD and M_TRIM_THRESHOLD."""


@dataclass(frozen=True, slots=True)
class Task:
    """What both processes have to know."""

    shape: Shape
    tokenizer: str
    """The folder it is in."""
    lessons: tuple[str, ...]
    seed: int
    steps: int
    batch: int

    def batches(self) -> Batches:
        """The batches to learn."""
        encoder = Encoder(Path(self.tokenizer))
        pools = Pools(tokens_of(Path(path), encoder) for path in self.lessons)
        return Batches(pools, Mover(encoder), self.seed, self.steps, self.batch, self.shape)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a half came to."""

    loss: float = 0.0
    reply: float = 0.0
    replies: int = 0
    tokens: int = 0

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums(
            self.loss + other.loss,
            self.reply + other.reply,
            self.replies + other.replies,
            self.tokens + other.tokens,
        )


def learn(weights: Parameters, half: Half, batch: int) -> Sums:
    """Add the gradients of a half of a batch."""
    each = losses(weights, half.rows)
    loss = (each * half.weights).sum() / (PER_LESSON * batch)
    loss.backward()
    replies = each.detach()[half.replies]
    return Sums(loss.item(), replies.sum().item(), len(replies), half.tokens)


def one_thread() -> None:
    """Two busy processes on two cores are faster than threads; freed memory is used again."""
    torch.set_num_threads(1)
    with contextlib.suppress(AttributeError, OSError):
        # Else each large array is mapped, cleared by the kernel, and unmapped: a fifth of a step.
        library = ctypes.CDLL(None)
        library.mallopt(_KEEP, 1 << 30)
        library.mallopt(_TRIM, (1 << 31) - 1)


class Alone:
    """Both halves in this process."""

    def __init__(self, task: Task) -> None:
        count = total(task.shape)
        self._task = task
        self.batches = task.batches()
        self.weights = torch.zeros(count)
        self._halves = [torch.zeros(count) for _ in range(HALVES)]
        self._views = [fused(task.shape, self.weights, one) for one in self._halves]

    @property
    def view(self) -> Parameters:
        """The weights as the forward pass takes them."""
        return self._views[0]

    def gradients(self, step: int) -> tuple[Tensor, Sums]:
        """Those of a step; the tensor is overwritten by the next one."""
        sums = Sums()
        for which, (half, view) in enumerate(zip(self._halves, self._views, strict=True)):
            half.zero_()
            sums = sums.plus(learn(view, self.batches.half(step, which), self._task.batch))
        return self._halves[0].add_(self._halves[1]), sums


class Together:
    """One half in this process, one in another."""

    def __init__(self, task: Task, memory: mmap.mmap, other: subprocess.Popen[str]) -> None:
        self._task = task
        self._other = other
        self.batches = task.batches()
        self.weights, self._theirs = _shared(task.shape, memory)
        self._mine = torch.zeros_like(self.weights)
        self.view = fused(task.shape, self.weights, self._mine)

    def gradients(self, step: int) -> tuple[Tensor, Sums]:
        """Those of a step; the tensor is overwritten by the next one."""
        if self._other.stdin is None or self._other.stdout is None:
            raise RuntimeError("the second process of the training has no pipes")
        try:
            self._other.stdin.write(f"{step}\n")
            self._other.stdin.flush()
        except BrokenPipeError as error:
            with contextlib.suppress(BrokenPipeError):
                self._other.stdin.close()  # else leaving the block tries again, and fails so
            raise RuntimeError(_ENDED) from error
        self._mine.zero_()
        mine = learn(self.view, self.batches.half(step, 0), self._task.batch)
        answer = self._other.stdout.readline()
        if not answer:
            raise RuntimeError(_ENDED)
        return self._mine.add_(self._theirs), mine.plus(Sums(**json.loads(answer)))


@contextlib.contextmanager
def learning(task: Task, processes: int) -> Generator[Alone | Together]:
    """Who computes gradients, for as long as the block lasts."""
    if processes == 1:
        yield Alone(task)
        return
    with tempfile.TemporaryFile() as file:
        size = 2 * 4 * total(task.shape)
        file.truncate(size)
        argv = [sys.executable, "-m", "automem_tiny.training.learner", str(file.fileno())]
        # A group of its own: Ctrl-C is for the first process, which lets a step end.
        with (
            mmap.mmap(file.fileno(), size) as memory,
            subprocess.Popen(  # noqa: S603 - our own module
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                pass_fds=(file.fileno(),),
                process_group=0,
            ) as other,
        ):
            try:
                if other.stdin is None:
                    raise RuntimeError("the second process of the training has no pipes")
                other.stdin.write(json.dumps(asdict(task)) + "\n")
                other.stdin.flush()
                yield Together(task, memory, other)
            finally:
                other.kill()


def _shared(shape: Shape, memory: mmap.mmap) -> tuple[Tensor, Tensor]:
    """Weights and gradients in shared memory; no views of one tensor, for autograd's sake."""
    count = total(shape)
    first, second = (
        torch.frombuffer(memory, dtype=torch.float32, count=count, offset=4 * count * number)
        for number in range(2)
    )
    return first, second


def main() -> None:
    """Compute the second half of each step that is asked for."""
    one_thread()
    given = json.loads(sys.stdin.readline())
    task = Task(**{**given, "shape": Shape(**given["shape"])})
    descriptor = int(sys.argv[1])
    memory = mmap.mmap(descriptor, 0)
    os.close(descriptor)
    weights, gradients = _shared(task.shape, memory)
    view = fused(task.shape, weights, gradients)
    batches = task.batches()
    ahead: tuple[int, Half] | None = None
    for line in sys.stdin:
        step = int(line)
        half = ahead[1] if ahead and ahead[0] == step else batches.half(step, 1)
        gradients.zero_()
        sums = learn(view, half, task.batch)
        sys.stdout.write(json.dumps(asdict(sums)) + "\n")
        sys.stdout.flush()
        # While the first process moves the weights.
        ahead = (step + 1, batches.half(step + 1, 1))


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
