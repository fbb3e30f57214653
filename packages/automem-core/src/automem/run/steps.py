"""Reading `progress.jsonl` of a training, also while it is written."""

from __future__ import annotations

from pathlib import Path

import msgspec

from automem.records.training import TrainingStep


def read_steps(path: Path) -> list[TrainingStep]:
    """The steps that are written down, up to the first line that is torn or out of order.

    None where there is no file. Raises OSError where there is one that cannot be read.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    decoder = msgspec.json.Decoder(TrainingStep)
    steps: list[TrainingStep] = []
    for line in raw.split(b"\n")[:-1]:
        try:
            step = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            break
        if step.step != len(steps) + 1:
            break
        steps.append(step)
    return steps
