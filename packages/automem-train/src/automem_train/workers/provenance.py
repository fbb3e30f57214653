"""`provenance.json`: what an adapter came from. It is written last."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

import msgspec

from automem.files import write_json
from automem.models.adapters import PROVENANCE, SETTINGS
from automem.records.training import BaseIdentity, DataIdentity, Provenance, TrainingStep
from automem.run.layout import RunFolder
from automem_train.workers.identity import file_sha256
from automem_train.workers.jobs import Work
from automem_train.workers.rows import Rows

WEIGHTS: Final = "adapter_model.safetensors"
_COMPUTING: Final = (
    "accelerate",
    "automem-core",
    "automem-train",
    "peft",
    "safetensors",
    "tokenizers",
    "torch",
    "transformers",
    "trl",
    "unsloth",
    "unsloth_zoo",
)


class _Plan(msgspec.Struct, frozen=True):
    """`plan.json` of an evaluation, as far as it says what was played."""

    scaffold: str


def is_done(folder: Path) -> bool:
    """Whether a folder holds the whole adapter that its provenance speaks of."""
    try:
        said = msgspec.json.decode((folder / PROVENANCE).read_bytes(), type=Provenance)
        return file_sha256(folder / WEIGHTS) == said.adapter_sha256
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return False


def data_identity(work: Work, rows: Rows) -> DataIdentity:
    """What is trained on."""
    return DataIdentity(
        hash=work.job.data,
        examples=len(rows.rows),
        tokens=rows.tokens,
        labelled=rows.learned,
        truncated=rows.truncated,
        dropped=rows.dropped,
        episodes=work.episodes,
    )


def write_provenance(
    work: Work,
    rows: Rows,
    base: BaseIdentity,
    steps: Sequence[TrainingStep],
    *,
    seconds: float,
    processes: int,
    device: str,
) -> None:
    """Say what the adapter in the job's folder came from, which is whole by now."""
    write_json(
        work.folder / PROVENANCE,
        Provenance(
            base=base,
            data=data_identity(work, rows),
            job=work.job,
            versions=versions(),
            processes=processes,
            device=device,
            steps=len(steps),
            seconds=seconds,
            losses=tuple(step.loss for step in steps),
            adapter_sha256=file_sha256(work.folder / WEIGHTS),
            settings_sha256=file_sha256(work.folder / SETTINGS),
            parent=parent_of(work),
        ),
    )


def parent_of(work: Work) -> str:
    """Hash of the scaffold that played the data, as their run says; empty where it cannot be told.

    Where several did, all of them, by a comma.
    """
    run = Path(work.job.examples).resolve().parent.parent.parent
    found: set[str] = set()
    for key in {example.evaluation for example in work.examples} - {""}:
        try:
            raw = RunFolder(run).evaluation(key).plan.read_bytes()
            found.add(msgspec.json.decode(raw, type=_Plan).scaffold)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return ""
    return ", ".join(sorted(found))


def versions() -> dict[str, str]:
    """Of what computes here."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in _COMPUTING:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
