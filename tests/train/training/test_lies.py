"""What a worker says is compared with what it left, and its lines with what lines have to be."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from automem.errors import TrainerError
from automem.records.training import Provenance, TrainingStep
from automem_train.training.folder import TrainingFolder
from automem_train.training.following import Following

from .conftest import Bench


def line(number: int) -> bytes:
    step = TrainingStep(
        step=number,
        steps=9,
        epoch=1.0,
        loss=1.0,
        learning_rate=1e-4,
        gradient=1.0,
        labelled=1,
        tokens=2,
        seconds=0.1,
    )
    return msgspec.json.encode(step) + b"\n"


@pytest.mark.anyio
async def test_lines_that_are_no_steps_are_passed_over(bench: Bench) -> None:
    await bench.train("garbage=3")
    assert [step.step for step in bench.seen[0].steps] == [*range(1, 13)]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("wrong-hash", "left a adapter_model.safetensors that is not the one its provenance"),
        ("no-provenance", "ended well, but wrote no provenance.json; its log is"),
        ("other-job", "holds the adapter of another training"),
    ],
)
async def test_an_adapter_that_is_not_what_is_said_of_it_is_refused(
    bench: Bench, fault: str, said: str
) -> None:
    with pytest.raises(TrainerError, match=said):
        await bench.train(fault)


@pytest.mark.anyio
async def test_what_a_liar_left_is_made_anew_by_an_honest_one(bench: Bench) -> None:
    with pytest.raises(TrainerError):
        await bench.train("wrong-hash")
    assert (await bench.train()).adapter_sha256 != "0" * 64


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (b'"base"', b'"basis"', "a provenance that cannot be read"),
        (b'"steps": 12', b'"steps": 13', "12 losses of 13 steps"),
    ],
)
async def test_a_provenance_that_makes_no_sense_is_trained_again(
    bench: Bench, before: bytes, after: bytes, said: str
) -> None:
    await bench.train()
    path = bench.folder / "provenance.json"
    path.write_bytes(path.read_bytes().replace(before, after))
    folder = TrainingFolder(bench.folder)
    assert said in (folder.problem(bench.job) or "")
    again = await bench.train()
    assert msgspec.json.decode(path.read_bytes(), type=Provenance) == again
    (bench.folder / "adapter_config.json").unlink()
    assert folder.problem(bench.job) == "left no adapter_config.json"


def test_a_line_that_is_half_written_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    following = Following(path, [])
    assert not following.look()
    path.write_bytes(line(1) + line(2)[:20])
    assert following.look() and len(following.steps) == 1
    assert not following.look()
    path.write_bytes(line(1) + line(2))
    assert following.look() and [step.step for step in following.steps] == [1, 2]


def test_lines_that_were_cut_off_are_forgotten(tmp_path: Path) -> None:
    path, other = tmp_path / "progress.jsonl", tmp_path / "new"
    path.write_bytes(b"".join(line(n) for n in range(1, 7)))
    following = Following(path, [])
    following.look()
    other.write_bytes(line(1) + line(2))
    other.replace(path)
    following.look()
    assert [step.step for step in following.steps] == [1, 2]
    path.write_bytes(line(1))
    following.look()
    assert [step.step for step in following.steps] == [1]


def test_a_step_counts_only_behind_the_one_before_it(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    path.write_bytes(line(2) + line(1) + line(1) + b"\xff\n[]\n" + line(3) + line(2))
    following = Following(path, [])
    following.look()
    assert [step.step for step in following.steps] == [1, 2]


def test_a_line_without_an_end_does_not_stop_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    path.write_bytes(b"x" * (9 << 20) + b"\n" + line(1))
    following = Following(path, [])
    while following.look():
        pass
    assert [step.step for step in following.steps] == [1]
