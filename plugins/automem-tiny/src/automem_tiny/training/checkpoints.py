"""The state of a training on disk: written whole or not at all, and never taken for another's."""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

from safetensors import safe_open
from safetensors.torch import save_file

from automem_tiny.training.learner import Sums
from automem_tiny.training.optimizer import Optimizer
from automem_tiny.training.parameters import unfilled

NAME: Final = "training.safetensors"
DONE: Final = "training.json"
"""Written last: what the weights beside it were trained with."""
_STATE: Final = ("weights", "momentum", "first", "second")


class OtherTrainingError(Exception):
    """The folder holds a training with other numbers."""


def save(out: Path, optimizer: Optimizer, step: int, since: Sums, numbers: dict[str, Any]) -> None:
    """Keep the state before a step."""
    told = {"step": step, "since": [since.loss, since.reply, since.replies, since.tokens]}
    state = {name: getattr(optimizer, name).contiguous() for name in _STATE}
    part = out / f"{NAME}.part"
    save_file(state, part, {"training": json.dumps({**told, "numbers": numbers})})
    _settle(part)
    part.replace(out / NAME)


def load(out: Path, optimizer: Optimizer, numbers: dict[str, Any]) -> tuple[int, Sums]:
    """The step to go on with. Raises OtherTrainingError if the numbers differ."""
    if not (out / NAME).exists():
        return 0, Sums()
    with safe_open(out / NAME, framework="pt") as file:
        told = json.loads(file.metadata()["training"])
        same(out, told["numbers"], numbers)
        for name in _STATE:
            getattr(optimizer, name).copy_(file.get_tensor(name))
    return told["step"], Sums(*told["since"])


def finished(out: Path, numbers: dict[str, Any]) -> bool:
    """Whether this training was done before. Raises OtherTrainingError if another was."""
    if not (out / DONE).exists():
        return False
    same(out, json.loads((out / DONE).read_text(encoding="utf-8"))["numbers"], numbers)
    return True


def same(out: Path, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Raises OtherTrainingError, saying what differs."""
    differing = [
        f"{name} was {old.get(name)} and is {new.get(name)}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]
    if differing:
        raise OtherTrainingError(
            f"{out} holds a training with other numbers: {'; '.join(differing)}. "
            "Name another folder, or remove this one"
        )


def finish(out: Path, network: Any, optimizer: Optimizer, told: dict[str, Any]) -> None:
    """Write the weights as transformers does, then say that they are done."""
    network.load_state_dict(unfilled(optimizer.shape, optimizer.weights), strict=False)
    network.tie_weights()
    part = out / "weights.part"
    shutil.rmtree(part, ignore_errors=True)
    from transformers.utils import logging

    # Its bar has no place between lines of a training.
    logging.disable_progress_bar()
    network.save_pretrained(part)
    for path in sorted(part.iterdir()):
        _settle(path)
        path.replace(out / path.name)
    part.rmdir()
    note = out / f"{DONE}.part"
    note.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    note.replace(out / DONE)
    (out / NAME).unlink(missing_ok=True)


def _settle(path: Path) -> None:
    """On the disk before its name says so."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
