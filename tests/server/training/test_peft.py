"""The trainer peft for real: exact when killed, deterministic, clear when it cannot go on."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from automem_train.trainers.peft import PeftTrainer

from .interpreters import HERE, peft_python, run
from .sittings import LIMIT_SECONDS, examples, job_in

pytestmark = [pytest.mark.server, pytest.mark.timeout(1800)]
WITH_DROPOUT = {"dropout": 0.2, "epochs": 3}


def looked_at(script: str, *arguments: object) -> str:
    """What a script of this folder says, in the interpreter of the trainer."""
    ran = run(peft_python(), str(HERE / script), *map(str, arguments))
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("save_seconds", [0.0, 1000.0], ids=["each-step", "each-epoch"])
def test_a_training_that_is_killed_again_and_again_gives_the_same_bytes(
    tmp_path: Path, base: Path, save_seconds: float
) -> None:
    whole = job_in(tmp_path / "whole", base, lora=WITH_DROPOUT).trained()
    killed = job_in(tmp_path / "killed", base, lora=WITH_DROPOUT, save_seconds=save_seconds)
    drawn = random.Random()
    for _ in range(3):
        # Where it is killed differs from run to run; what comes of it may not.
        step = drawn.randint(2, 17)
        sys.stderr.write(f"killed at step {step}\n")
        status = killed.train_until(step, signal.SIGKILL)
        if status == 0:
            break
        assert status == -signal.SIGKILL
        assert not (killed.path / "provenance.json").exists()
    assert killed.trained().adapter == whole.adapter
    assert killed.losses == whole.losses == list(killed.provenance.losses)
    assert killed.provenance.adapter_sha256 == whole.provenance.adapter_sha256
    settings = [(one.path / "adapter_config.json").read_bytes() for one in (whole, killed)]
    assert settings[0] == settings[1]
    assert not (killed.path / "checkpoint").exists()


def test_one_that_is_told_to_end_keeps_where_it_was(tmp_path: Path, base: Path) -> None:
    whole = job_in(tmp_path / "whole", base).trained()
    told = job_in(tmp_path / "told", base, save_seconds=1000.0)
    assert told.train_until(2, signal.SIGTERM) == 143
    kept = len(told.steps)
    assert (told.path / "checkpoint" / "state.json").is_file()
    assert not (told.path / "failure.txt").exists()
    assert 2 <= kept < len(whole.steps)
    before = told.steps
    told.trained()
    # What was learned before is not learned again: its lines are the same, times included.
    assert told.steps[:kept] == before
    assert told.adapter == whole.adapter


def test_a_worker_whose_host_is_gone_ends_and_keeps_where_it_was(
    tmp_path: Path, base: Path
) -> None:
    folder = job_in(tmp_path / "a", base, lora={"epochs": 100}, save_seconds=1000.0)
    launch = PeftTrainer(folder.trainer.options).launch(folder.path)
    host = (
        "import subprocess, sys, signal\n"
        "subprocess.Popen(sys.argv[1:], start_new_session=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", host, *launch.argv]) as process:
        folder.reached(2, process)
        process.kill()
    until = time.monotonic() + LIMIT_SECONDS
    while not (folder.path / "checkpoint" / "state.json").is_file():
        assert time.monotonic() < until
        time.sleep(0.01)
    assert not folder.wrote(600)


def test_the_same_job_gives_the_same_bytes_and_another_seed_others(
    tmp_path: Path, base: Path
) -> None:
    made = [
        job_in(tmp_path / str(number), base, lora={**WITH_DROPOUT, "seed": seed}).trained()
        for number, seed in enumerate((0, 0, 1))
    ]
    assert made[0].adapter == made[1].adapter != made[2].adapter
    assert made[0].losses == made[1].losses != made[2].losses


def test_all_replies_or_the_last_are_learned_to_the_newline_behind_them(
    tmp_path: Path, base: Path
) -> None:
    lines = examples(4)
    last = job_in(tmp_path / "last", base, lines=lines).trained()
    every = job_in(tmp_path / "all", base, lines=lines, lora={"train_on": "all"}).trained()
    said = looked_at("learned_text.py", last.path).splitlines()
    assert said == ["True"] * 4
    assert looked_at("learned_text.py", every.path).splitlines() == ["True"] * 4
    assert last.provenance.data.tokens == every.provenance.data.tokens
    assert last.provenance.data.labelled < every.provenance.data.labelled
    per_epoch = sum(step.labelled for step in last.steps) // 2
    assert last.provenance.data.labelled == per_epoch


def test_long_examples_lose_their_beginning_and_are_counted(tmp_path: Path, base: Path) -> None:
    whole = job_in(tmp_path / "whole", base).trained().provenance.data
    cut = job_in(tmp_path / "cut", base, lora={"cutoff": 140}).trained().provenance.data
    assert (whole.truncated, whole.examples, cut.examples) == (0, 24, 24)
    assert 0 < cut.truncated < 24
    assert cut.tokens < whole.tokens
    # The end is kept, so all that is learned still is.
    assert cut.labelled == whole.labelled


def test_what_is_computed_again_changes_nothing_and_bfloat16_little(
    tmp_path: Path, base: Path
) -> None:
    plain = job_in(tmp_path / "plain", base).trained()
    again = job_in(tmp_path / "again", base, checkpointing=True).trained()
    half = job_in(tmp_path / "half", base, precision="bfloat16").trained()
    assert again.losses == pytest.approx(plain.losses, abs=1e-5)
    assert half.losses == pytest.approx(plain.losses, abs=0.05)
    assert half.losses != plain.losses


def test_an_adapter_loads_in_plain_peft_for_everybody(tmp_path: Path, base: Path) -> None:
    made = job_in(tmp_path / "a", base, lora={"learning_rate": 0.01}).trained()
    modes = {path.name: path.stat().st_mode & 0o777 for path in made.path.glob("adapter_*")}
    assert modes == {"adapter_config.json": 0o644, "adapter_model.safetensors": 0o644}
    before, after = map(float, looked_at("adapter_loss.py", made.path).split())
    # Over all examples here, over those of the first step there.
    assert before == pytest.approx(made.losses[0], abs=0.6)
    assert after < before - 0.1


def test_a_job_that_is_done_is_not_done_again(tmp_path: Path, base: Path) -> None:
    made = job_in(tmp_path / "a", base).trained()
    when = (made.path / "provenance.json").stat().st_mtime_ns
    assert made.trained().adapter
    assert (made.path / "provenance.json").stat().st_mtime_ns == when


def test_a_base_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = job_in(tmp_path / "a", tmp_path / "nowhere")
    assert folder.train() == 1
    assert "there is no base model" in folder.failure
    assert "name a folder, or download it first" in folder.failure


def test_a_base_without_a_chat_template_is_refused(tmp_path: Path, base: Path) -> None:
    bare = shutil.copytree(base, tmp_path / "bare")
    (bare / "chat_template.jinja").unlink()
    folder = job_in(tmp_path / "a", bare)
    assert folder.train() == 1
    assert "has no chat template; put chat_template.jinja" in folder.failure


def test_a_loss_that_is_no_number_ends_it_before_it_is_learned(tmp_path: Path, base: Path) -> None:
    broken = shutil.copytree(base, tmp_path / "broken")
    looked_at("break_model.py", broken)
    folder = job_in(tmp_path / "a", broken)
    assert folder.train() == 65
    assert "the loss of step 1 is nan" in folder.failure
    assert "lower learning_rate" in folder.failure
    assert folder.steps == []


def test_targets_that_a_base_does_not_have_are_refused(tmp_path: Path, base: Path) -> None:
    named = shutil.copytree(base, tmp_path / "other")
    looked_at("rebuild_as_gpt2.py", named)
    folder = job_in(tmp_path / "a", named)
    assert folder.train() == 65
    assert "q_proj" in folder.failure


def test_changed_examples_are_refused(tmp_path: Path, base: Path) -> None:
    folder = job_in(tmp_path / "a", base)
    (folder.path / "examples.jsonl").write_text(examples(3), encoding="utf-8")
    assert folder.train() == 1
    assert "is not the file that the job names" in folder.failure


def test_memory_that_runs_out_is_told_with_what_to_do(tmp_path: Path, base: Path) -> None:
    lora = {"batch": 48, "accumulate": 1, "train_on": "all", "targets": ("q_proj", "down_proj")}
    folder = job_in(tmp_path / "a", base, lines=examples(48, words=3000), lora=lora)
    assert looked_at("limited.py", folder.path).strip() == "1"
    assert "memory ran out; set a smaller batch" in folder.failure
