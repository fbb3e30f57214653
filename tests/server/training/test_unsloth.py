"""The trainer unsloth for real, on its CPU path: the same training as peft's, and as exact."""

from __future__ import annotations

import random
import signal
import socket
import sys
from pathlib import Path

import pytest

from automem.home import home
from automem.plugins import load_plugins
from automem.setups.make import find_setup, make
from automem_train.trainers.unsloth import UnslothOptions, UnslothTrainer

from .interpreters import HERE, peft_python, run
from .sittings import Folder, job_in

pytestmark = [pytest.mark.server, pytest.mark.timeout(1800)]
CLOSE = 1e-4
"""Nats by which its losses may differ; 1e-6 was found in float32, with other transformers."""
LEFT = {
    "adapter_config.json",
    "adapter_model.safetensors",
    "examples.jsonl",
    "job.json",
    "progress.jsonl",
    "provenance.json",
    "worker.log",
}


@pytest.fixture(scope="module", autouse=True)
def made() -> None:
    """Its interpreter, kept for the next run."""
    make(find_setup("unsloth", load_plugins()), sys.stderr.write)


def with_unsloth(folder: Folder, *, cpu_fallback: bool = True) -> Folder:
    """The same job for the other trainer."""
    return Folder(folder.path, UnslothTrainer(UnslothOptions(cpu_fallback=cpu_fallback)))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_it_gives_the_losses_of_the_trainer_peft(
    tmp_path: Path, base: Path, precision: str
) -> None:
    how = {"train_on": "all", "learning_rate": 0.01, "cutoff": 140}
    fields = {"lora": how, "precision": precision}
    peft = job_in(tmp_path / "peft", base, **fields).trained()
    its = with_unsloth(job_in(tmp_path / "its", base, **fields)).trained()
    gaps = [abs(one - other) for one, other in zip(its.losses, peft.losses, strict=True)]
    sys.stderr.write(f"\n{precision}: losses differ by {max(gaps):.1e} at most\n")
    assert max(gaps) < CLOSE
    same = ("step", "steps", "epoch", "learning_rate", "labelled", "tokens")
    for one, other in zip(its.steps, peft.steps, strict=True):
        assert [getattr(one, name) for name in same] == [getattr(other, name) for name in same]
    assert its.provenance.data == peft.provenance.data
    assert its.provenance.base == peft.provenance.base
    assert its.provenance.data.truncated > 0
    assert its.provenance.versions["unsloth"] == "2026.10.9"


def test_a_training_that_is_killed_gives_the_same_bytes(tmp_path: Path, base: Path) -> None:
    how = {"dropout": 0.2, "epochs": 3}
    whole = with_unsloth(job_in(tmp_path / "whole", base, lora=how)).trained()
    killed = with_unsloth(job_in(tmp_path / "killed", base, lora=how, save_seconds=0.0))
    # Where it is killed differs from run to run; what comes of it may not.
    step = random.Random().randint(2, len(whole.steps) - 2)
    assert killed.train_until(step, signal.SIGKILL) == -signal.SIGKILL
    assert not (killed.path / "provenance.json").exists()
    assert killed.trained().adapter == whole.adapter
    assert killed.losses == whole.losses == list(killed.provenance.losses)


def test_plain_peft_loads_its_adapter_which_moves_the_loss(tmp_path: Path, base: Path) -> None:
    job = job_in(tmp_path / "a", base, lora={"learning_rate": 0.01})
    learned = with_unsloth(job).trained()
    ran = run(peft_python(), str(HERE / "adapter_loss.py"), str(learned.path))
    assert ran.returncode == 0, ran.stderr
    before, after = map(float, ran.stdout.split())
    assert after < before - 0.1


def test_it_writes_nowhere_else_and_asks_nobody(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = with_unsloth(job_in(tmp_path / "job", base))
    monkeypatch.setenv("AUTOMEM_HOME", str(home()))
    elsewhere = [tmp_path / name for name in ("home", "tmp", "here")]
    for folder in elsewhere:
        folder.mkdir()
    monkeypatch.setenv("HOME", str(elsewhere[0]))
    monkeypatch.setenv("TMPDIR", str(elsewhere[1]))
    monkeypatch.chdir(elsewhere[2])
    with socket.create_server(("127.0.0.1", 0)) as network:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{network.getsockname()[1]}")
        learned.trained()
        network.settimeout(0)
        with pytest.raises(BlockingIOError):
            network.accept()
    assert {path.name for path in learned.path.iterdir()} == LEFT
    assert [path for folder in elsewhere for path in folder.rglob("*")] == []


def test_without_its_fallback_it_says_that_there_is_no_gpu(tmp_path: Path, base: Path) -> None:
    refused = with_unsloth(job_in(tmp_path / "a", base), cpu_fallback=False)
    assert refused.train() == 1
    assert "unsloth cannot be used on this machine" in refused.failure
    assert 'use the trainer "peft"' in refused.failure
    assert not (refused.path / "progress.jsonl").exists()
