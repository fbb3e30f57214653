"""What a worker is told, and the examples it is told of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from automem.errors import TrainerError
from automem.records.model import Message
from automem.records.training import TrainingJob

_T = TypeVar("_T")
JOB: Final = "job.json"


class Example(msgspec.Struct, frozen=True):
    """A line of `examples.jsonl`, as far as a trainer needs it."""

    messages: tuple[Message, ...]
    evaluation: str = ""
    task: str = ""
    seed: int = 0

    @property
    def episode(self) -> str:
        """Evaluation, task and seed; empty where the data do not say."""
        return f"{self.evaluation}/{self.task}/{self.seed}" if self.evaluation else ""


@dataclass(frozen=True, slots=True)
class Work:
    """A job with its folder and examples."""

    folder: Path
    job: TrainingJob
    examples: Sequence[Example]

    @property
    def episodes(self) -> tuple[str, ...]:
        """Each once, sorted."""
        return tuple(sorted({example.episode for example in self.examples} - {""}))


def read_work(folder: Path) -> Work:
    """The job of a folder, and its examples if they are those it names. Raises TrainerError."""
    job = _read(folder / JOB, lambda raw: msgspec.json.decode(raw, type=TrainingJob))
    path = Path(job.examples)
    raw = _read(path, lambda raw: raw)
    found = hashlib.sha256(raw).hexdigest()
    if found != job.examples_sha256:
        raise TrainerError(
            f"{path} is not the file that the job names: its hash is {found[:16]}..., wanted is "
            f"{job.examples_sha256[:16]}...; make the data set again"
        )
    decoder = msgspec.json.Decoder(Example)
    examples = _read(path, lambda _: [decoder.decode(line) for line in raw.splitlines()])
    if not examples:
        raise TrainerError(f"{path} holds no examples; choose turns to learn from")
    return Work(folder, job, examples)


def _read(path: Path, decode: Callable[[bytes], _T]) -> _T:
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise TrainerError(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TrainerError(f"{path} cannot be read: {error}") from error
