"""The trainer unsloth as the host knows it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from automem.errors import PluginError, TrainerError
from automem.files import write_json, write_text
from automem.plugins import load_plugins
from automem.records.setup import Interpreter, Made
from automem.records.training import LoraSettings, TrainingJob
from automem.setups.make import find_setup
from automem.setups.place import place_of
from automem_train.trainers.setups import unsloth_interpreter
from automem_train.trainers.unsloth import UnslothOptions, UnslothTrainer
from automem_train.workers.jobs import Work
from automem_train.workers.unsloth_worker import variables

JOB = TrainingJob(
    trainer="unsloth",
    base="org/base",
    data="",
    examples="",
    examples_sha256="",
    lora=LoraSettings(),
)


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an interpreter `unsloth` has its Python, which is not there yet."""
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path / "home"))
    place = place_of("unsloth", Interpreter())
    place.python.parent.mkdir(parents=True)
    write_json(place.record, Made(name="unsloth", setup=Interpreter(), made_at="today"))
    return place.python


def holds(python: Path, torch: str) -> None:
    """Let it say that it has unsloth beside that torch."""
    said = rf"unsloth 2026.10.9\nunsloth_zoo 2026.10.9\ntorch {torch}\n"
    write_text(python, f"#!/bin/sh\nprintf '{said}'\n")
    python.chmod(0o755)


def refused(trainer: UnslothTrainer) -> str:
    with pytest.raises(TrainerError) as caught:
        trainer.check(JOB)
    return str(caught.value)


def test_its_worker_is_told_whether_a_cpu_will_do(python: Path) -> None:
    holds(python, "2.13.0+cpu")
    launch = UnslothTrainer(UnslothOptions(threads=3)).launch(Path("folder"))
    worker = "automem_train.workers.unsloth_worker"
    assert launch.argv == (str(python), "-I", "-m", worker, "--threads", "3", "folder")
    assert launch.environ == {}
    strict = UnslothTrainer(UnslothOptions(cpu_fallback=False)).launch(Path("folder"))
    assert strict.environ == {"UNSLOTH_DISABLE_CPU_FALLBACK": "1"}


def test_a_machine_without_a_gpu_will_do_unless_it_is_told_otherwise(
    python: Path, tmp_path: Path
) -> None:
    none, there = tmp_path / "none", tmp_path / "driver"
    write_text(there, "a GPU")
    holds(python, "2.13.0+cpu")
    UnslothTrainer(UnslothOptions(), driver=none).check(JOB)
    strict = UnslothOptions(cpu_fallback=False)
    assert "set cpu_fallback = true" in refused(UnslothTrainer(strict, driver=none))
    said = refused(UnslothTrainer(UnslothOptions(), driver=there))
    assert "a torch for CPUs" in said
    assert "UV_TORCH_BACKEND=auto automem setup unsloth" in said
    holds(python, "2.14.1+cu130")
    UnslothTrainer(strict, driver=there).check(JOB)


def test_other_systems_and_interpreters_are_refused_with_what_to_do(python: Path) -> None:
    assert 'this is darwin; use the trainer "peft"' in refused(
        UnslothTrainer(UnslothOptions(), platform="darwin")
    )
    python.symlink_to(sys.executable)
    said = refused(UnslothTrainer(UnslothOptions()))
    assert "does not hold unsloth; make one that does: automem setup unsloth" in said


def test_an_interpreter_that_is_not_made_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path))
    with pytest.raises(PluginError, match="run: automem setup unsloth"):
        UnslothTrainer(UnslothOptions()).check(JOB)


def test_nothing_is_kept_outside_of_the_jobs_folder_where_the_base_is_one(tmp_path: Path) -> None:
    job = TrainingJob(
        trainer="unsloth",
        base=str(tmp_path),
        data="",
        examples="",
        examples_sha256="",
        lora=LoraSettings(),
    )
    alone = variables(Work(tmp_path / "job", job, ()), threads=2)
    caches = {
        "HF_HOME",
        "TORCHINDUCTOR_CACHE_DIR",
        "TRITON_CACHE_DIR",
        "UNSLOTH_COMPILE_LOCATION",
    }
    for name in caches:
        assert Path(alone[name]).is_relative_to(tmp_path / "job" / ".cache")
    assert alone["HF_HUB_OFFLINE"] == "1"
    assert alone["OMP_NUM_THREADS"] == "2"
    hub = variables(Work(tmp_path / "job", JOB, ()), threads=2)
    assert caches - hub.keys() == {"HF_HOME"}
    assert "HF_HUB_OFFLINE" not in hub
    for said in (alone, hub):
        assert said["UNSLOTH_DISABLE_STATISTICS"] == said["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_a_cpu_does_without_kernels_that_a_gpu_needs() -> None:
    on_cpu = unsloth_interpreter({})
    on_gpu = unsloth_interpreter({"UV_TORCH_BACKEND": "cu130"})
    of_kernels = {"bitsandbytes", "torchvision", "triton", "xformers"}

    def asked(interpreter: Interpreter) -> set[str]:
        return {one.partition(">")[0].partition("=")[0] for one in interpreter.requirements}

    assert not of_kernels & asked(on_cpu)
    assert of_kernels < asked(on_gpu)
    assert "unsloth==2026.10.9" in on_cpu.unresolved
    assert set(on_gpu.unresolved) < set(on_cpu.unresolved)
    assert on_gpu.options == ("--torch-backend=cu130",)


def test_plugins_offer_the_trainer_and_its_interpreter() -> None:
    plugins = load_plugins()
    assert plugins.load(plugins.trainers()["unsloth"]) is UnslothTrainer
    assert find_setup("unsloth", plugins).made_from == unsloth_interpreter()
