"""Our loop beside trl's: the same losses and the same adapter from the same rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from .interpreters import HERE, peft_python, run, trl_python
from .sittings import examples, job_in

pytestmark = [pytest.mark.server, pytest.mark.timeout(1800)]
LOSS_TOLERANCE = 1e-4
"""In nats, of each step; both compute in float32 and sum in another order."""
WEIGHT_TOLERANCE = 1e-3
"""Of the largest weight that was learned."""


@pytest.mark.parametrize("train_on", ["last", "all"])
@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_losses_and_adapter_are_those_of_trl(
    tmp_path: Path, base: Path, train_on: str, schedule: str
) -> None:
    # The last step of each epoch is a smaller one.
    lora = {
        "epochs": 3,
        "schedule": schedule,
        "train_on": train_on,
        "weight_decay": 0.1,
        "warmup": 0.2,
        "targets": ("q_proj", "v_proj", "gate_proj", "down_proj"),
    }
    ours = job_in(tmp_path / "a", base, lines=examples(23), lora=lora).trained()
    ran = run(trl_python(), str(HERE / "trl_reference.py"), str(ours.path))
    assert ran.returncode == 0, ran.stderr
    theirs = json.loads((ours.path / "trl.json").read_text(encoding="utf-8"))["losses"]
    assert len(ours.losses) == 18
    apart = max(abs(a - b) for a, b in zip(ours.losses, theirs, strict=True))
    adapters = (ours.path / "adapter_model.safetensors", ours.path / "trl.safetensors")
    compared = run(peft_python(), str(HERE / "compare.py"), *map(str, adapters))
    assert compared.returncode == 0, compared.stderr
    difference, largest = map(float, compared.stdout.split())
    sys.stderr.write(f"\nlosses {apart:.1e} apart, weights {difference / largest:.1e}\n")
    assert apart < LOSS_TOLERANCE
    assert difference < WEIGHT_TOLERANCE * largest
