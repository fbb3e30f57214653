"""The trainer peft names files that are cut off, exchanged, or of two models."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from .interpreters import HERE, peft_python, run
from .sittings import Folder, job_in

pytestmark = [pytest.mark.server, pytest.mark.timeout(1800)]


def cut_off(base: Path) -> None:
    os.truncate(base / "model.safetensors", 1000)


def empty_tokenizer(base: Path) -> None:
    (base / "tokenizer.json").write_text("{}", encoding="utf-8")


def fewer_tokens(base: Path) -> None:
    ran = run(peft_python(), str(HERE / "shrink_vocabulary.py"), str(base))
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut_off, "the base {base} cannot be loaded: SafetensorError: "),
        (empty_tokenizer, "the tokenizer of {base} cannot be loaded: KeyError: "),
        (fewer_tokens, "and its weights know 100; the two are not of one model"),
    ],
)
def test_a_base_that_is_damaged_is_named(
    tmp_path: Path, base: Path, damage: Callable[[Path], None], said: str
) -> None:
    damaged = shutil.copytree(base, tmp_path / "damaged")
    damage(damaged)
    folder = job_in(tmp_path / "a", damaged)
    assert folder.train() == 1
    assert said.format(base=damaged) in folder.failure
    assert not (folder.path / "progress.jsonl").exists()


def stopped(folder: Path, base: Path) -> Folder:
    found = job_in(folder, base, save_seconds=0.0)
    assert found.train_until(2, signal.SIGTERM) == 143
    return found


def test_a_base_that_was_exchanged_meanwhile_is_not_gone_on_with(
    tmp_path: Path, base: Path
) -> None:
    own = shutil.copytree(base, tmp_path / "own")
    folder = stopped(tmp_path / "a", own)
    before = folder.steps
    template = own / "chat_template.jinja"
    text = template.read_text(encoding="utf-8")
    template.write_text(f"{{# another #}}{text}", encoding="utf-8")
    assert folder.train() == 1
    assert "was learned on a base of the same name with other files" in folder.failure
    assert folder.steps == before
    template.write_text(text, encoding="utf-8")
    assert folder.trained().adapter == job_in(tmp_path / "b", own).trained().adapter


def test_a_checkpoint_that_is_cut_off_is_named(tmp_path: Path, base: Path) -> None:
    folder = stopped(tmp_path / "a", base)
    tensors = folder.path / "checkpoint" / "tensors.safetensors"
    os.truncate(tensors, 100)
    assert folder.train() == 1
    assert f"{tensors} cannot be read: " in folder.failure
    assert f"remove {tensors.parent} to begin anew" in folder.failure


def test_one_that_is_told_to_end_while_it_loads_ends_at_once(tmp_path: Path, base: Path) -> None:
    # The hash of the base is read from a pipe that nobody writes into, so it loads for good.
    slow = shutil.copytree(base, tmp_path / "slow")
    os.mkfifo(slow / "zz.safetensors")
    folder = job_in(tmp_path / "b", slow)
    process = folder.start()
    writer = os.open(slow / "zz.safetensors", os.O_WRONLY)
    process.terminate()
    assert process.wait(10.0) == -signal.SIGTERM
    os.close(writer)
    assert not (folder.path / "failure.txt").exists()
