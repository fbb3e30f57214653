"""`checkpoint/`: what a training needs to go on exactly where it was.

Order, learning rate and the seeds of dropout are functions of the step, so a state is no more than
the adapter, the optimizer's moments and the number of the step. It is written beside the one before
and takes its place by renaming; a kill between the two renames leaves both, and either is good.
"""
# safetensors is in interpreters of trainers only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from automem.errors import TrainerError
from automem.files import write_json
from automem.records._struct import Record

FOLDER: Final = "checkpoint"
_NEW: Final = ".checkpoint.new"
_OLD: Final = ".checkpoint.old"
_STATE: Final = "state.json"
_TENSORS: Final = "tensors.safetensors"


class State(Record):
    """Where a training is."""

    job: str
    """Key of the job."""
    step: int
    """That is done."""
    processes: int
    """That train together; with another number of them the steps would be others."""
    seconds: float
    """Wall time until then."""
    base: str
    """Hash of the base's files, which may be others by now under the same name."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A state with its tensors, by name."""

    state: State
    tensors: Mapping[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Keep a state in a job's folder, in place of the one before. Raises OSError."""
    from safetensors.torch import save_file

    new, old, place = folder / _NEW, folder / _OLD, folder / FOLDER
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        save_file(dict(checkpoint.tensors), new / _TENSORS)
        (new / _TENSORS).chmod(0o644)
        write_json(new / _STATE, checkpoint.state)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    if place.exists():
        shutil.rmtree(old, ignore_errors=True)
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(folder: Path, job: str, processes: int, base: str) -> Checkpoint | None:
    """The last state that is whole; None where there is none yet. Raises TrainerError."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    for name in (FOLDER, _NEW, _OLD):
        place = folder / name
        try:
            state = msgspec.json.decode((place / _STATE).read_bytes(), type=State)
        except FileNotFoundError:
            continue
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise TrainerError(
                f"{place} cannot be read: {error}; remove it to begin anew"
            ) from error
        if state.job != job:
            raise TrainerError(f"{place} belongs to the job {state.job}, not {job}; remove it")
        if state.processes != processes:
            raise TrainerError(
                f"{place} was written by {state.processes} processes, and now there are "
                f"{processes}; start as many as before, or remove it to begin anew"
            )
        if state.base != base:
            raise TrainerError(
                f"{place} was learned on a base of the same name with other files; put those back, "
                "or remove it to begin anew"
            )
        try:
            return Checkpoint(state, load_file(place / _TENSORS))
        except (OSError, SafetensorError) as error:
            raise TrainerError(
                f"{place / _TENSORS} cannot be read: {error}; remove {place} to begin anew"
            ) from error
    return None


def remove_checkpoint(folder: Path) -> None:
    """Take all states away, once the adapter is whole."""
    for name in (FOLDER, _NEW, _OLD):
        shutil.rmtree(folder / name, ignore_errors=True)
