"""What made a model: commands, seeds, counts, figures, times, versions and hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from automem.files import write_json
from automem.records._struct import Record
from automem_tiny.building.phases import Phase, Plan
from automem_tiny.building.pins import Pins


class Corpus(Record):
    """One file of lessons."""

    file: str
    lessons: int
    tokens: int
    sha256: str


class Provenance(Record):
    """Lies beside the weights."""

    pins: Pins
    commands: list[str]
    """Of all phases; paths are relative to the folder of the build."""
    corpora: list[Corpus]
    held_out: dict[str, dict[str, Any]]
    """The last point of each stage's learning curve: lessons that are never trained on."""
    evaluation: list[dict[str, Any]]
    seconds: dict[str, float]
    """Of each phase."""
    sha256: dict[str, str]
    """Of each file of the model."""


def write_provenance(
    path: Path, plan: Plan, pins: Pins, phases: Sequence[Phase], seconds: Mapping[str, float]
) -> None:
    """Put it beside the weights."""
    files = sorted(one for one in plan.model.iterdir() if one != path and one.is_file())
    commands = [_told(plan, one.module, one.arguments) for p in phases for one in p.commands]
    found = Provenance(
        pins=pins,
        commands=commands,
        corpora=[_corpus(one) for one in plan.lessons],
        held_out={stage.name: _last(stage / "curve.jsonl") for stage in plan.stages},
        evaluation=json.loads(plan.evaluation.read_bytes()),
        seconds=dict(seconds),
        sha256={one.name: _digest(one) for one in files},
    )
    write_json(path, found)


def _told(plan: Plan, module: str, arguments: Sequence[str | Path]) -> str:
    shown = (
        one.relative_to(plan.folder).as_posix() if isinstance(one, Path) else one
        for one in arguments
    )
    return " ".join(["python -m", f"automem_tiny.{module}", *shown])


def _corpus(path: Path) -> Corpus:
    with path.open("rb") as stream:
        lessons = sum(1 for _ in stream)
    kept = sorted(path.parent.glob(f"{path.name}.*.tokens/tokens.npy"))
    tokens = len(np.load(kept[0], mmap_mode="r")) if kept else 0
    return Corpus(file=path.name, lessons=lessons, tokens=tokens, sha256=_digest(path))


def _last(curve: Path) -> dict[str, Any]:
    lines = curve.read_text(encoding="utf-8").splitlines() if curve.exists() else []
    return json.loads(lines[-1]) if lines else {}


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
