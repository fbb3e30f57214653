"""How well lessons are answered that were never trained on: loss, and replies right to the end."""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from automem_tiny.training.batches import lay, taken
from automem_tiny.training.forward import foretold
from automem_tiny.training.parameters import Parameters
from automem_tiny.training.pools import PHASES, Drawn, Pools

EVERY: Final = 200
"""Steps between two looks at the held-out lessons."""
SOME: Final = 128
"""Of each phase, on the way."""
MOST: Final = 500
"""Of each phase, at the end."""
_TOGETHER: Final = 16


@dataclass(slots=True)
class _Score:
    loss: float = 0.0
    tokens: int = 0
    exact: int = 0
    lessons: int = 0

    def told(self) -> dict[str, float | int]:
        return {
            "reply_loss": round(self.loss / max(1, self.tokens), 5),
            "exact": round(self.exact / max(1, self.lessons), 4),
            "lessons": self.lessons,
        }


def held_out(weights: Parameters, pools: Pools, most: int) -> dict[str, dict[str, float | int]]:
    """Of each phase: loss of a reply's token, and the share of lessons with each token right.

    Teacher-forced: a token counts as right if it is the most probable one after the right ones.
    """
    scores = {phase: _Score() for phase in PHASES}
    lessons = sorted(pools.held_out(most), key=lambda one: one.length)
    for first in range(0, len(lessons), _TOGETHER):
        _look(weights, lessons[first : first + _TOGETHER], scores)
    return {phase: score.told() for phase, score in scores.items() if score.lessons}


@torch.no_grad()
def _look(weights: Parameters, lessons: list[Drawn], scores: dict[str, _Score]) -> None:
    half = lay([taken(one.tokens.astype(np.int64), one) for one in lessons], weights.shape)
    logits = foretold(weights, half.rows)
    each = torch.nn.functional.cross_entropy(logits, half.rows.targets, reduction="none")
    right = logits.argmax(-1) == half.rows.targets
    for number, one in enumerate(lessons):
        own = half.owners == number
        score = scores[one.phase]
        score.loss += each[own].sum().item()
        score.tokens += int(own.sum())
        score.exact += bool(right[own].all())
        score.lessons += 1


def cut(path: Path, step: int) -> None:
    """Forget what was written after a step, from which training goes on."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
    part = path.with_suffix(".part")
    part.write_text("".join(kept), encoding="utf-8")
    part.replace(path)


def add(path: Path, point: dict[str, Any]) -> None:
    """One more point of the curve."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(point) + "\n")
