"""What is read of a training's progress is what can be gone on from."""

from pathlib import Path

import msgspec

from automem.records.training import TrainingStep
from automem.run.steps import read_steps


def line(number: int) -> bytes:
    step = TrainingStep(
        step=number,
        steps=9,
        epoch=number / 9,
        loss=1.0 / number,
        learning_rate=0.1,
        gradient=1.0,
        labelled=3,
        tokens=30,
        seconds=0.5,
    )
    return msgspec.json.encode(step) + b"\n"


def numbers(path: Path, *content: bytes) -> list[int]:
    path.write_bytes(b"".join(content))
    return [step.step for step in read_steps(path)]


def test_steps_are_read_until_one_is_torn_or_out_of_order(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    assert read_steps(path) == []
    assert numbers(path, line(1), line(2)) == [1, 2]
    assert numbers(path, line(1), line(2)[:-1]) == [1]
    assert numbers(path, line(1), b"{torn\n", line(2)) == [1]
    assert numbers(path, line(1), line(3)) == [1]
    assert numbers(path, line(1), b"\xff\n") == [1]
