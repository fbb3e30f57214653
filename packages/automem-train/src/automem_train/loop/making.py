"""What a recipe becomes: a data set of collected turns, then an adapter for each configuration."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

import msgspec

from automem.errors import DataError
from automem.files import write_json
from automem.records._struct import Record
from automem.records.ledger import Trained
from automem.records.training import Provenance, TrainingJob
from automem.run.layout import RunFolder
from automem_train.adapters.reading import ends
from automem_train.dataset.building import build_data
from automem_train.dataset.folder import DataFolder, locate_data
from automem_train.recipes.reading import reused_data
from automem_train.recipes.recipe import Recipe
from automem_train.select.selection import load_selection

MADE = "data.json"


class Made(Record):
    """`data.json` of a review: which data set its recipe became."""

    data: str
    """Hash; what chooses is not run again for the next configuration, or after a kill."""


async def make_data(
    run: RunFolder, review: Path, recipe: Recipe, collected: Collection[str]
) -> DataFolder:
    """The data set of a recipe: used again, found as it was made, or chosen anew.

    `collected` are keys of the evaluations that may be learned from.
    Raises DataError where the recipe gives none, and what the jail and traces raise.
    """
    reused = reused_data(recipe, run, collected)
    if reused is not None:
        return reused
    made = _made(run, review)
    if made is None:
        made = await build_data(run, load_selection(review / "overlay"), within=collected)
        write_json(review / MADE, Made(data=made.path.name))
    return made


def with_data(job: TrainingJob, data: DataFolder, told: str) -> TrainingJob:
    """The job for a data set; `told` says what was played for it."""
    with data.examples.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return msgspec.structs.replace(
        job,
        data=data.path.name,
        examples=str(data.examples.resolve()),
        examples_sha256=digest,
        evaluation=told,
    )


def trained(job: TrainingJob, provenance: Provenance) -> Trained:
    """What the ledger keeps of an adapter."""
    first, last = ends(provenance.losses)
    return Trained(
        adapter=job.key,
        data=job.data,
        trainer=job.trainer,
        base=job.base,
        lora=job.lora,
        examples=provenance.data.examples,
        steps=provenance.steps,
        first_loss=first or 0.0,
        last_loss=last or 0.0,
        seconds=provenance.seconds,
    )


def _made(run: RunFolder, review: Path) -> DataFolder | None:
    """The data set that was made before; None where there is none, or it is gone."""
    try:
        made = msgspec.json.decode((review / MADE).read_bytes(), type=Made)
        return locate_data(run, made.data)
    except (OSError, msgspec.MsgspecError, DataError):
        return None
