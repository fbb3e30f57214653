"""The trainer peft as the host knows it."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from automem.errors import PluginError, TrainerError
from automem.files import write_json, write_text
from automem.plugins import load_plugins
from automem.records.setup import Interpreter, Made
from automem.records.training import LoraSettings, TrainingJob
from automem.setups.make import find_setup
from automem.setups.place import place_of
from automem_train.trainers.peft import PeftOptions, PeftTrainer

FILES = ("config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja")


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An interpreter `peft` in a home of its own, which nobody runs."""
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path / "home"))
    place = place_of("peft", Interpreter())
    place.python.parent.mkdir(parents=True)
    place.python.symlink_to(sys.executable)
    write_json(place.record, Made(name="peft", setup=Interpreter(), made_at="today"))
    return str(place.python)


def base_in(folder: Path, *missing: str) -> Path:
    for name in FILES:
        if name not in missing:
            write_text(folder / name, "{}")
    return folder


def job_for(base: str, folder: Path) -> TrainingJob:
    write_text(folder / "examples.jsonl", "")
    return TrainingJob(
        trainer="peft",
        base=base,
        data="d" * 16,
        examples=str(folder / "examples.jsonl"),
        examples_sha256="",
        lora=LoraSettings(),
    )


def test_a_worker_is_started_alone_in_its_interpreter(python: str) -> None:
    launch = PeftTrainer(PeftOptions(threads=3)).launch(Path("folder"))
    worker = "automem_train.workers.peft_worker"
    assert launch.argv == (python, "-I", "-m", worker, "--threads", "3", "folder")
    assert launch.environ["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize("options", [PeftOptions(processes=2), PeftOptions(fsdp=True)])
def test_several_workers_share_the_weights(python: str, options: PeftOptions) -> None:
    argv = PeftTrainer(options).launch(Path("folder")).argv
    worker = "automem_train.workers.shared_worker"
    count = str(options.processes)
    assert argv == (
        *(python, "-I", "-m", worker, "--processes", count),
        *("--threads", "1", "folder"),
    )


def test_an_interpreter_that_is_not_made_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path))
    trainer = PeftTrainer(PeftOptions())
    with pytest.raises(PluginError, match="run: automem setup peft"):
        trainer.launch(tmp_path)
    with pytest.raises(PluginError, match="run: automem setup peft"):
        trainer.check(job_for("org/base", tmp_path))


@pytest.mark.usefixtures("python")
def test_a_base_that_can_be_trained_passes(tmp_path: Path) -> None:
    trainer = PeftTrainer(PeftOptions())
    trainer.check(job_for("org/base", tmp_path))
    whole = job_for(str(base_in(tmp_path / "a")), tmp_path)
    trainer.check(whole)
    trainer.check(msgspec.structs.replace(whole, examples=""))
    old = base_in(tmp_path / "b", "chat_template.jinja")
    write_json(old / "tokenizer_config.json", {"chat_template": "{{ messages }}", "other": 1})
    trainer.check(job_for(str(old), tmp_path))


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("config.json", "holds no config.json"),
        ("model.safetensors", "holds no weights"),
        ("tokenizer.json", "holds no tokenizer.json; save"),
        ("chat_template.jinja", "has no chat template; put"),
    ],
)
def test_a_base_that_lacks_something_is_refused(tmp_path: Path, missing: str, said: str) -> None:
    base = base_in(tmp_path / "base", missing)
    with pytest.raises(TrainerError, match=said):
        PeftTrainer(PeftOptions()).check(job_for(str(base), tmp_path))


@pytest.mark.usefixtures("python")
def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    trainer = PeftTrainer(PeftOptions())
    with pytest.raises(TrainerError, match="there is no folder /no/such, the base"):
        trainer.check(job_for("/no/such", tmp_path))
    gone = msgspec.structs.replace(job_for("org/base", tmp_path), examples="/no/examples")
    with pytest.raises(TrainerError, match="there is no file /no/examples"):
        trainer.check(gone)


def test_plugins_offer_the_trainer_and_its_interpreter() -> None:
    plugins = load_plugins()
    spec = plugins.trainers()["peft"]
    assert plugins.load(spec) is PeftTrainer
    made_from = find_setup("peft", plugins).made_from
    assert isinstance(made_from, Interpreter)
    assert made_from.packages == ("automem-core", "automem-train")
    assert any(one.startswith("accelerate") for one in made_from.requirements)


@pytest.mark.usefixtures("python")
def test_a_job_for_more_processes_than_it_starts_is_refused(tmp_path: Path) -> None:
    job = msgspec.structs.replace(job_for("org/base", tmp_path), processes=4)
    with pytest.raises(TrainerError, match="the job is for 4 processes, and the trainer starts 2"):
        PeftTrainer(PeftOptions(processes=2)).check(job)
    PeftTrainer(PeftOptions(processes=4)).check(job)
