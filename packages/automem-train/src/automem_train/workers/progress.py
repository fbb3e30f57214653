"""`progress.jsonl`: a line for each step of the optimizer, and none twice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from automem.errors import TrainerError
from automem.files import replacing
from automem.records.training import TrainingStep
from automem.run.steps import read_steps

PROGRESS: Final = "progress.jsonl"


def steps_so_far(folder: Path) -> list[TrainingStep]:
    """The steps that were written down, up to the first line that is torn or out of order."""
    return read_steps(folder / PROGRESS)


@dataclass(slots=True)
class Progress:
    """The open file; the lines in it are `steps`."""

    steps: list[TrainingStep]
    _file: BinaryIO

    @classmethod
    def after(cls, folder: Path, step: int) -> Progress:
        """Go on behind `step`: what was written later is cut off. 0 begins anew.

        Raises TrainerError if the file does not reach that far.
        """
        steps = steps_so_far(folder)[:step]
        if len(steps) < step:
            raise TrainerError(
                f"{folder / PROGRESS} has {len(steps)} steps and the checkpoint {step}; remove "
                f"{folder / 'checkpoint'} to begin anew"
            )
        with replacing(folder / PROGRESS) as file:
            file.writelines(_line(one) for one in steps)
        return cls(steps, (folder / PROGRESS).open("ab", buffering=0))

    def write(self, step: TrainingStep) -> None:
        """Append a step; a reader sees it at once."""
        self._file.write(_line(step))
        self.steps.append(step)

    def close(self) -> None:
        """Nothing is lost without it."""
        self._file.close()


def _line(step: TrainingStep) -> bytes:
    return msgspec.json.encode(step) + b"\n"
