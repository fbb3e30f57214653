"""What a worker is told, and what it leaves."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec
import pytest

from automem.errors import TrainerError
from automem.files import write_json, write_text
from automem.records.training import LoraSettings, Provenance, TrainingJob
from automem_train.workers.failing import Stopped, failures, sentence
from automem_train.workers.identity import base_identity, weights_sha256
from automem_train.workers.jobs import Work, read_work
from automem_train.workers.provenance import WEIGHTS, is_done, write_provenance
from automem_train.workers.rows import rows_of

from .codecs import Letters

LINE = (
    '{"id":"e1/t/3/0/log/0","evaluation":"e1","task":"t","seed":3,"messages":'
    '[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}\n'
)


def job_in(folder: Path, lines: str, sha256: str | None = None) -> TrainingJob:
    """A job of a run in `folder`."""
    examples = folder / "data" / ("d" * 16) / "examples.jsonl"
    write_text(examples, lines)
    job = TrainingJob(
        trainer="peft",
        base="base",
        data="d" * 16,
        examples=str(examples),
        examples_sha256=sha256 or hashlib.sha256(lines.encode()).hexdigest(),
        lora=LoraSettings(),
    )
    write_json(folder / "adapters" / job.key / "job.json", job)
    return job


def work_in(folder: Path, lines: str = LINE) -> Work:
    return read_work(folder / "adapters" / job_in(folder, lines).key)


def base_in(folder: Path) -> Path:
    for name in ("config.json", "tokenizer.json", "b.safetensors", "a.safetensors"):
        write_text(folder / name, name)
    return folder


def test_a_job_is_read_with_its_examples(tmp_path: Path) -> None:
    work = work_in(tmp_path, LINE * 2)
    assert [len(example.messages) for example in work.examples] == [2, 2]
    assert work.episodes == ("e1/t/3",)


def test_rows_of_messages_alone_are_examples_too(tmp_path: Path) -> None:
    work = work_in(tmp_path, '{"messages":[{"role":"assistant","content":"b"}]}\n')
    assert work.episodes == ()


@pytest.mark.parametrize(
    ("lines", "sha256", "said"),
    [
        (LINE, "0" * 64, "is not the file that the job names.*make the data set again"),
        ("", None, "holds no examples; choose turns"),
        ("{}\n", None, "examples.jsonl cannot be read"),
    ],
)
def test_examples_that_are_not_those_of_the_job_are_refused(
    tmp_path: Path, lines: str, sha256: str | None, said: str
) -> None:
    job = job_in(tmp_path, lines, sha256)
    with pytest.raises(TrainerError, match=said):
        read_work(tmp_path / "adapters" / job.key)


def test_a_folder_without_a_job_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"job\.json cannot be read: No such file"):
        read_work(tmp_path)


def test_the_weights_of_a_base_are_known_by_their_names_and_hashes(tmp_path: Path) -> None:
    base = base_in(tmp_path)
    lines = "".join(
        f"{name} {hashlib.sha256(name.encode()).hexdigest()}\n"
        for name in ("a.safetensors", "b.safetensors")
    )
    assert weights_sha256(base) == hashlib.sha256(lines.encode()).hexdigest()
    (base / "pytorch_model.bin").write_bytes(b"another form")
    assert weights_sha256(base) == hashlib.sha256(lines.encode()).hexdigest()


def test_a_weight_file_of_a_hubs_cache_is_known_by_the_name_of_its_blob(tmp_path: Path) -> None:
    blob, base = tmp_path / "blobs" / ("ab" * 32), tmp_path / "snapshot"
    write_text(blob, "the bytes are not read")
    base.mkdir()
    (base / "model.safetensors").symlink_to(blob)
    line = f"model.safetensors {'ab' * 32}\n"
    assert weights_sha256(base) == hashlib.sha256(line.encode()).hexdigest()


def test_a_base_that_lacks_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"config\.json cannot be read"):
        base_identity("base", tmp_path, "template")
    with pytest.raises(TrainerError, match="holds no weights"):
        weights_sha256(tmp_path)


def test_provenance_says_what_an_adapter_came_from(tmp_path: Path) -> None:
    work = work_in(tmp_path)
    write_json(tmp_path / "evaluations" / "e1" / "plan.json", {"scaffold": "abc", "other": 1})
    rows = rows_of([one.messages for one in work.examples], Letters(), "last", 100)
    write_text(work.folder / WEIGHTS, "weights")
    write_text(work.folder / "adapter_config.json", "{}")
    base = base_identity("base", base_in(tmp_path / "base"), "template")
    write_provenance(work, rows, base, [], seconds=1.5, processes=2, device="cpu")
    raw = (work.folder / "provenance.json").read_bytes()
    said = msgspec.json.decode(raw, type=Provenance)
    assert (said.base, said.job, said.parent, said.processes) == (base, work.job, "abc", 2)
    assert said.data.episodes == ("e1/t/3",)
    assert (said.data.examples, said.data.labelled) == (1, len("b|\n"))
    assert said.adapter_sha256 == hashlib.sha256(b"weights").hexdigest()
    assert said.settings_sha256 == hashlib.sha256(b"{}").hexdigest()
    assert "automem-core" in said.versions
    assert is_done(work.folder)
    write_text(work.folder / WEIGHTS, "other weights")
    assert not is_done(work.folder)


def test_a_job_whose_data_are_of_no_run_has_no_parent(tmp_path: Path) -> None:
    work = work_in(tmp_path)
    rows = rows_of([one.messages for one in work.examples], Letters(), "last", 100)
    write_text(work.folder / WEIGHTS, "weights")
    write_text(work.folder / "adapter_config.json", "{}")
    base = base_identity("base", base_in(tmp_path / "base"), "template")
    write_provenance(work, rows, base, [], seconds=1.5, processes=1, device="cpu")
    raw = (work.folder / "provenance.json").read_bytes()
    assert msgspec.json.decode(raw, type=Provenance).parent == ""


def ended(folder: Path, error: BaseException | None) -> tuple[int, str]:
    """Status and what is said of a body that raises."""
    with failures(folder) as ending:
        if error is not None:
            raise error
    file = folder / "failure.txt"
    return ending.status, file.read_text(encoding="utf-8") if file.exists() else ""


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (None, 0, ""),
        (Stopped(), 143, ""),
        (TrainerError("no base; name one"), 1, "no base; name one\n"),
        (TrainerError("lower it", settings_failed=True), 65, "lower it\n"),
    ],
)
def test_how_a_worker_ends_says_whose_fault_it_was(
    tmp_path: Path, error: BaseException | None, status: int, said: str
) -> None:
    (tmp_path / "failure.txt").write_text("of an earlier sitting", encoding="utf-8")
    assert ended(tmp_path, error) == (status, said)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: MemoryError(), "set a smaller batch"),
        (lambda: RuntimeError("CUDA out of memory. Tried to"), "checkpointing = true"),
        (lambda: RuntimeError("DefaultCPUAllocator: can't allocate memory"), "smaller cutoff"),
        (lambda: OSError(errno.ENOSPC, "No space left on device"), "is full; make room"),
        (lambda: RuntimeError("I/O error: No space left on device (os error 28)"), "is full"),
        (lambda: ValueError("a\nb"), "ValueError: a; worker.log"),
        (lambda: KeyError(), "KeyError: no more is known"),
    ],
)
def test_what_went_wrong_is_a_sentence_with_what_to_do(make: object, said: str) -> None:
    error = cast("Callable[[], Exception]", make)()
    assert said in sentence(error, Path("/folder"))


def test_keys_are_left_out_of_what_is_said(tmp_path: Path) -> None:
    key = "hf_" + "a" * 24
    assert ended(tmp_path, TrainerError(f"refused {key}")) == (1, "refused [redacted]\n")


def test_the_first_of_several_processes_that_fails_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    assert ended(tmp_path, TrainerError("memory ran out"))[1] == "memory ran out\n"
    assert ended(tmp_path, TrainerError("connection closed"))[1] == "memory ran out\n"
