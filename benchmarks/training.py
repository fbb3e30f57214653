"""Training a LoRA: tokens a second of our worker and of trl, on one core, the same rows."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
from figures import Figure

from automem.files import write_json, write_text
from automem.processes.child import inherited
from automem.records.training import PROJECTIONS, LoraSettings, TrainingJob, TrainingStep
from automem_train.trainers.peft import PeftOptions, PeftTrainer

TESTS = Path(__file__).resolve().parents[1] / "tests" / "server"
sys.path.insert(0, str(TESTS / "training"))
from interpreters import peft_python, trl_python  # noqa: E402 - made by the tests, and kept

EXAMPLES = 64
WORDS = ("grass", "tree", "stone", "table", "iron", "coal", "water", "cow", "step", "note", "map")
PROMPT_WORDS = (350, 450)
REPLY_WORDS = (40, 80)
WANTED = 3000


def conversations() -> str:
    """Prompts and replies about as long as turns of a game, the same ones every time."""
    drawn = random.Random(1)

    def said(between: tuple[int, int]) -> str:
        return " ".join(drawn.choices(WORDS, k=drawn.randint(*between)))

    rows: list[str] = []
    for _ in range(EXAMPLES):
        prompt = {"role": "user", "content": said(PROMPT_WORDS)}
        reply = {"role": "assistant", "content": said(REPLY_WORDS)}
        rows.append(json.dumps({"messages": [prompt, reply]}) + "\n")
    return "".join(rows)


def job_in(folder: Path, base: Path) -> TrainingJob:
    """A training of 16 steps, all seven projections."""
    text = conversations()
    write_text(folder / "examples.jsonl", text)
    job = TrainingJob(
        trainer="peft",
        base=str(base),
        data="0" * 16,
        examples=str(folder / "examples.jsonl"),
        examples_sha256=hashlib.sha256(text.encode()).hexdigest(),
        lora=LoraSettings(
            rank=16,
            alpha=32.0,
            targets=PROJECTIONS,
            learning_rate=1e-3,
            epochs=2,
            batch=2,
            accumulate=4,
            train_on="all",
        ),
        precision="float32",
    )
    write_json(folder / "job.json", job)
    return job


def run(command: tuple[str, ...], log: Path, environ: Mapping[str, str]) -> None:
    """One program with one thread, to its end."""
    with log.open("wb") as said:
        subprocess.run(
            command,
            check=True,
            stdout=said,
            stderr=said,
            env={**inherited(os.environ), **environ},
        )


def measure() -> list[Figure]:
    """The figures of this file: one after the other, on a machine that does nothing else."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        builder = (peft_python(), "-W", "ignore", str(TESTS / "build_model.py"))
        run((*builder, str(folder), "--size", "3m"), folder / "log", {})
        job_in(folder / "job", folder / "model")
        launch = PeftTrainer(PeftOptions()).launch(folder / "job")
        run(launch.argv, folder / "log", launch.environ)
        reference = str(TESTS / "training" / "trl_reference.py")
        run((trl_python(), "-W", "ignore", reference, str(folder / "job")), folder / "log", {})
        return _figures(folder / "job")


def _figures(folder: Path) -> list[Figure]:
    lines = (folder / "progress.jsonl").read_bytes().splitlines()
    steps = [msgspec.json.decode(line, type=TrainingStep) for line in lines]
    theirs = json.loads((folder / "trl.json").read_text(encoding="utf-8"))
    # The first step of both is left out: what is set up in it, is once.
    tokens = sum(step.tokens for step in steps[1:])
    ours = tokens / sum(step.seconds for step in steps[1:])
    trl = tokens / (theirs["ends"][-1] - theirs["ends"][0])
    pairs = zip([step.loss for step in steps], theirs["losses"], strict=True)
    apart = max(abs(one - other) for one, other in pairs)
    about = (
        f"3.3 M parameters, rank 16 on seven projections, float32, one thread, {len(steps)} steps "
        f"of {tokens // (len(steps) - 1):,} tokens; losses at most {apart:.0e} apart"
    )
    return [
        Figure("training, the trainer peft", f"{ours:,.0f} tokens/s", about, f"{WANTED:,}/s"),
        Figure("training, trl's SFTTrainer", f"{trl:,.0f} tokens/s", "the same rows and order"),
    ]
