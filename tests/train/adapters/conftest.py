"""A run with adapters: whole, unfinished, damaged, and one of somebody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest

from automem.cli.app import automem
from automem.cli.errors import run_command
from automem.errors import TrainerError
from automem.files import write_text
from automem.records.ledger import Trial
from automem.records.training import LoraSettings, TrainingJob
from automem.run.layout import RunFolder
from automem.run.ledger import append_trial
from automem.testing.adapters import write_adapter
from automem.testing.trainer import ToyTrainer, ToyTrainerOptions
from automem_train.training.running import Patience, train


class Called(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Called]


class Trained(NamedTuple):
    """The run `demo` with its adapters, by what became of them."""

    run: RunFolder
    base: Path
    whole: Path
    unfinished: Path
    foreign: Path


def job(folder: Path, rank: int) -> TrainingJob:
    """A job on the model in `folder`."""
    return TrainingJob(
        trainer="toy-trainer",
        base=str(folder / "base"),
        data="0123456789abcdef",
        examples=str(folder / "examples.jsonl"),
        examples_sha256="",
        lora=LoraSettings(rank=rank, epochs=5),
        evaluation="toy, seeds 50-53",
    )


def make_base(folder: Path) -> Path:
    """Files that pass for a model's."""
    base = folder / "base"
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        write_text(base / name, "{}")
    return base


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    """One of rank 4 is whole and kept, one of rank 8 was interrupted, and one is not ours."""
    base = make_base(tmp_path)
    write_text(tmp_path / "examples.jsonl", '{"messages": []}\n')
    run = RunFolder(tmp_path / "runs" / "demo")
    write_text(run.status, "{}")
    jobs = job(tmp_path, 4), job(tmp_path, 8)
    patience = Patience(grace=5.0, look=0.02)

    async def work() -> None:
        folders = [run.adapters / each.key for each in jobs]
        await train(jobs[0], ToyTrainer(), folders[0], patience=patience)
        stopped = ToyTrainer(ToyTrainerOptions(faults=("fails=3",)))
        with pytest.raises(TrainerError):
            await train(jobs[1], stopped, folders[1], patience=patience)

    anyio.run(work)
    trial = Trial(
        kind="recipe",
        at="2026-01-01T00:00:00+00:00",
        settings="s",
        revision=1,
        attempt=1,
        review="reviews/t001-a",
        parent="p",
        candidate=jobs[0].key,
        verdict="kept",
        why="better",
        mean=50.0,
    )
    append_trial(run.ledger, trial)
    return Trained(
        run=run,
        base=base,
        whole=run.adapters / jobs[0].key,
        unfinished=run.adapters / jobs[1].key,
        foreign=write_adapter(run.adapters / "theirs", rank=2),
    )


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """`call("list", "demo")`, in the folder above `runs/`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> Called:
        capsys.readouterr()
        code = run_command(automem, ("adapters", *arguments))
        written = capsys.readouterr()
        return Called(code, written.out, written.err)

    return call
