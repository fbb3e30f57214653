"""The trainer that learns nothing keeps to the contract, goes on, and fails as it was ordered."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import pytest

from automem.errors import TrainerError
from automem.files import write_json
from automem.models.adapters import is_folder, read_provenance
from automem.plugins import load_plugins
from automem.protocols import Trainer
from automem.records.training import LoraSettings, TrainingJob, TrainingStep
from automem.testing.trainer import ToyTrainer, ToyTrainerOptions, trainer_entry_point

JOB = TrainingJob(
    trainer="toy-trainer",
    base="org/base",
    data="d",
    examples="none",
    examples_sha256="",
    lora=LoraSettings(rank=4, epochs=2),
)


def trained(folder: Path, *faults: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run its worker to the end."""
    write_json(folder / "job.json", JOB)
    launch = ToyTrainer(ToyTrainerOptions(faults=faults, **options)).launch(folder)
    return subprocess.run(
        launch.argv, check=False, capture_output=True, text=True, env=launch.environ
    )


def steps(folder: Path) -> list[int]:
    lines = (folder / "progress.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=TrainingStep).step for line in lines]


def test_it_is_a_plugin_of_its_own() -> None:
    found = metadata.entry_points(group="automem")
    plugins = load_plugins(entry_points=[*found, trainer_entry_point()])
    spec = plugins.get("trainer", "toy-trainer")
    trainer: Trainer = plugins.load(spec)(plugins.options(spec, {"steps": 2}, path="train"))
    assert trainer == ToyTrainer(ToyTrainerOptions(steps=2))
    trainer.check(JOB)
    with pytest.raises(TrainerError, match="toy-trainer: not today"):
        ToyTrainer(ToyTrainerOptions(refuses="not today")).check(JOB)


def test_it_leaves_an_adapter_that_is_whole(tmp_path: Path) -> None:
    assert trained(tmp_path, steps=3).returncode == 0
    said = read_provenance(tmp_path)
    assert is_folder(str(tmp_path)) and said.job == JOB
    assert steps(tmp_path) == [1, 2, 3, 4, 5, 6] and len(said.losses) == said.steps == 6
    before = (tmp_path / "provenance.json").stat().st_mtime_ns
    assert trained(tmp_path).returncode == 0
    assert (tmp_path / "provenance.json").stat().st_mtime_ns == before


def test_it_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    assert trained(tmp_path, "dies=4", "garbage=2").returncode == -9
    assert trained(tmp_path).returncode == 0
    assert steps(tmp_path) == [*range(1, 9)]


@pytest.mark.parametrize(("fault", "status"), [("fails", 1), ("diverges", 65)])
def test_it_says_why_it_fails_once(tmp_path: Path, fault: str, status: int) -> None:
    once = str(tmp_path / "once")
    assert trained(tmp_path, f"{fault}=3", once=once).returncode == status
    assert (tmp_path / "failure.txt").read_text("utf-8").strip()
    assert trained(tmp_path, f"{fault}=3", once=once).returncode == 0
    assert not (tmp_path / "failure.txt").exists()


def test_a_fault_that_it_does_not_know_is_refused(tmp_path: Path) -> None:
    done = trained(tmp_path, "sleeps")
    assert done.returncode == 2 and "no fault named sleeps; there are dies" in done.stderr
