"""The lines of progress: none twice, none torn."""

from __future__ import annotations

from pathlib import Path

import pytest

from automem.errors import TrainerError
from automem.records.training import TrainingStep
from automem_train.workers.progress import Progress, steps_so_far


def step(number: int) -> TrainingStep:
    return TrainingStep(
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


def written(folder: Path, *numbers: int) -> None:
    progress = Progress.after(folder, 0)
    for number in numbers:
        progress.write(step(number))
    progress.close()


def test_a_line_can_be_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    progress = Progress.after(tmp_path, 0)
    progress.write(step(1))
    assert steps_so_far(tmp_path) == [step(1)] == progress.steps
    progress.close()


def test_lines_behind_the_checkpoint_are_cut_off(tmp_path: Path) -> None:
    written(tmp_path, 1, 2, 3)
    progress = Progress.after(tmp_path, 1)
    progress.write(step(2))
    progress.close()
    assert steps_so_far(tmp_path) == [step(1), step(2)]


def test_a_training_that_begins_anew_has_no_lines_of_the_one_before(tmp_path: Path) -> None:
    written(tmp_path, 1, 2)
    written(tmp_path)
    assert steps_so_far(tmp_path) == []


@pytest.mark.parametrize("torn", [b'{"step":3,"ste', b"\xff\n", b'{"step":5}\n', b"{}\n"])
def test_a_torn_or_strange_line_ends_what_is_known(tmp_path: Path, torn: bytes) -> None:
    written(tmp_path, 1, 2)
    with (tmp_path / "progress.jsonl").open("ab") as file:
        file.write(torn)
    assert steps_so_far(tmp_path) == [step(1), step(2)]
    Progress.after(tmp_path, 2).close()
    assert (tmp_path / "progress.jsonl").read_bytes().count(b"\n") == 2


def test_lines_out_of_order_end_what_is_known(tmp_path: Path) -> None:
    written(tmp_path, 1, 3)
    assert steps_so_far(tmp_path) == [step(1)]


def test_a_file_that_does_not_reach_the_checkpoint_is_refused(tmp_path: Path) -> None:
    assert steps_so_far(tmp_path) == []
    with pytest.raises(TrainerError, match=r"has 0 steps and the checkpoint 2; remove"):
        Progress.after(tmp_path, 2)
