"""Two processes that share one model (FSDP2) learn what one alone does."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from automem_train.trainers.peft import PeftOptions

from .interpreters import HERE, peft_python, run
from .sittings import job_in

pytestmark = [pytest.mark.server, pytest.mark.timeout(1800)]
TWO = PeftOptions(processes=2)
HALF = {"batch": 1}
"""Two processes with one example each make the same steps as one process with two."""
SHARED = "training on cpu in 2 processes, each with its share of the weights"


def test_their_losses_and_adapter_are_those_of_one(tmp_path: Path, base: Path) -> None:
    one = job_in(tmp_path / "one", base).trained()
    two = job_in(tmp_path / "two", base, lora=HALF, options=TWO).trained()
    assert SHARED in two.log
    assert (one.provenance.processes, two.provenance.processes) == (1, 2)
    assert two.losses == pytest.approx(one.losses, abs=1e-4)
    adapters = (one.path / "adapter_model.safetensors", two.path / "adapter_model.safetensors")
    compared = run(peft_python(), str(HERE / "compare.py"), *map(str, adapters))
    assert compared.returncode == 0, compared.stderr
    difference, largest = map(float, compared.stdout.split())
    assert difference < 0.01 * largest


def test_with_half_precision_and_computing_again_they_learn_as_well(
    tmp_path: Path, base: Path
) -> None:
    less = {"precision": "bfloat16", "checkpointing": True}
    one = job_in(tmp_path / "one", base, **less).trained()
    two = job_in(tmp_path / "two", base, lora=HALF, options=TWO, **less).trained()
    assert SHARED in two.log
    assert two.losses == pytest.approx(one.losses, abs=0.05)


def test_killed_or_told_to_end_they_go_on_to_the_same_bytes(tmp_path: Path, base: Path) -> None:
    lora = {**HALF, "dropout": 0.2}
    whole = job_in(tmp_path / "whole", base, lora=lora, options=TWO).trained()
    again = job_in(tmp_path / "again", base, lora=lora, options=TWO, save_seconds=0.0)
    assert again.train_until(3, signal.SIGTERM) == 143
    assert again.train_until(7, signal.SIGKILL) == -signal.SIGKILL
    again.trained()
    assert again.adapter == whole.adapter
    assert again.losses == whole.losses


def test_a_checkpoint_of_two_is_not_for_one(tmp_path: Path, base: Path) -> None:
    two = job_in(tmp_path / "a", base, lora=HALF, options=TWO, save_seconds=0.0)
    assert two.train_until(2, signal.SIGTERM) == 143
    one = job_in(tmp_path / "a", base, lora=HALF)
    assert one.train() == 1
    assert "was written by 2 processes, and now there are 1" in one.failure


def test_what_is_wrong_for_one_of_them_is_said_once(tmp_path: Path, base: Path) -> None:
    folder = job_in(tmp_path / "a", base, lora=HALF, options=TWO)
    (folder.path / "examples.jsonl").write_text("", encoding="utf-8")
    assert folder.train() == 1
    assert "is not the file that the job names" in folder.failure
