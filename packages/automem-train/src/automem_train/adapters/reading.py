"""What an adapter's folder holds: whose it is, how far it is trained, whether it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from automem.errors import AdapterError
from automem.models.adapters import PROVENANCE, SETTINGS, WEIGHTS, other_file, read_provenance
from automem.records._struct import Record
from automem.records.training import Provenance, TrainingJob
from automem_train.training.failing import said_why
from automem_train.training.folder import TrainingFolder
from automem_train.training.following import Following

State = Literal["whole", "unfinished", "damaged", "foreign"]
_TENTH = 10


class AdapterState(Record):
    """One adapter, as a line of a list."""

    key: str
    """Its folder's name."""
    path: str
    state: State
    """`foreign`: not trained by AutoMem, so nothing more is known of it."""
    trainer: str = ""
    base: str = ""
    """The base model, as its job named it."""
    data: str = ""
    """Hash of the data set."""
    rank: int = 0
    targets: tuple[str, ...] = ()
    step: int = 0
    """Steps that are done."""
    steps: int = 0
    """In all; 0 where none is done yet."""
    first_loss: float | None = None
    """Mean over the first tenth of the steps, nats a token; `last_loss` over the last tenth."""
    last_loss: float | None = None
    bytes: int = 0
    """Of its weights."""
    problem: str = ""
    """What is wrong with it, or why its training failed."""


class _Settings(msgspec.Struct, frozen=True):
    """`adapter_config.json` of an adapter that is not ours, as far as a list shows it."""

    r: int = 0
    base_model_name_or_path: str | None = None
    target_modules: list[str] | str | None = None


def is_adapter(path: Path) -> bool:
    """Whether a folder is an adapter's, finished or not."""
    return (path / SETTINGS).is_file() or TrainingFolder(path).job.is_file()


def adapters_in(path: Path) -> list[Path]:
    """The adapter that a folder is, or all that are right below it, by name."""
    if is_adapter(path):
        return [path]
    return [each for each in sorted(path.glob("*")) if each.is_dir() and is_adapter(each)]


def read_state(path: Path) -> AdapterState:
    """How one stands, without reading its weights; damage is told, never raised."""
    folder = TrainingFolder(path)
    weights = next((path / name for name in WEIGHTS if (path / name).is_file()), None)
    size = weights.stat().st_size if weights else 0
    bare = AdapterState(key=path.name, path=str(path), state="foreign", bytes=size)
    if (path / PROVENANCE).exists():
        return _trained(bare, path, has_weights=weights is not None)
    if folder.job.is_file():
        return _unfinished(bare, folder)
    try:
        said = msgspec.json.decode((path / SETTINGS).read_bytes(), type=_Settings)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        problem = f"{SETTINGS} cannot be read: {error}"
        return msgspec.structs.replace(bare, state="damaged", problem=problem)
    targets = said.target_modules
    return msgspec.structs.replace(
        bare,
        base=said.base_model_name_or_path or "",
        rank=said.r,
        targets=tuple(sorted(targets)) if isinstance(targets, list) else (),
    )


def read_whole(path: Path) -> Provenance:
    """The provenance of an adapter that is whole; its weights are read. Raises AdapterError."""
    if not is_adapter(path):
        raise AdapterError(f"{path} holds no adapter; name the folder that a training wrote")
    if (path / SETTINGS).is_file() and not (path / PROVENANCE).exists():
        raise AdapterError(
            f"{path} has no {PROVENANCE}, so nobody knows on which base it was trained; name an "
            "adapter that AutoMem trained"
        )
    said = read_provenance(path)
    weights = TrainingFolder(path).weights
    if not weights.is_file() or not (path / SETTINGS).is_file():
        raise AdapterError(f"{path} is not whole: weights or {SETTINGS} are gone; train it again")
    try:
        other = other_file(path, said) if said.adapter_sha256 else weights.name
    except OSError as error:
        raise AdapterError(f"{error.filename} cannot be read: {error.strerror}") from error
    if other:
        raise AdapterError(
            f"{path / other} is damaged, or of another adapter: it is not what {PROVENANCE} speaks "
            "of; train it again"
        )
    return said


def ends(losses: Sequence[float]) -> tuple[float | None, float | None]:
    """Means over the first and the last tenth; None where there is nothing."""
    if not losses:
        return None, None
    part = max(1, len(losses) // _TENTH)
    return sum(losses[:part]) / part, sum(losses[-part:]) / part


def _trained(bare: AdapterState, path: Path, *, has_weights: bool) -> AdapterState:
    try:
        said = read_provenance(path)
    except AdapterError as error:
        return msgspec.structs.replace(bare, state="damaged", problem=str(error))
    is_whole = has_weights and (path / SETTINGS).is_file()
    first, last = ends(said.losses)
    return msgspec.structs.replace(
        _of_job(bare, said.job),
        state="whole" if is_whole else "damaged",
        step=said.steps,
        steps=said.steps,
        first_loss=first,
        last_loss=last,
        problem="" if is_whole else f"weights or {SETTINGS} are gone",
    )


def _unfinished(bare: AdapterState, folder: TrainingFolder) -> AdapterState:
    try:
        job = msgspec.json.decode(folder.job.read_bytes(), type=TrainingJob)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        problem = f"job.json cannot be read: {error}"
        return msgspec.structs.replace(bare, state="damaged", problem=problem)
    following = Following(folder.progress, [])
    while following.look():
        pass
    done = following.steps
    first, last = ends([step.loss for step in done])
    return msgspec.structs.replace(
        _of_job(bare, job),
        state="unfinished",
        step=done[-1].step if done else 0,
        steps=done[-1].steps if done else 0,
        first_loss=first,
        last_loss=last,
        problem=said_why(folder.failure),
    )


def _of_job(bare: AdapterState, job: TrainingJob) -> AdapterState:
    return msgspec.structs.replace(
        bare,
        trainer=job.trainer,
        base=job.base,
        data=job.data,
        rank=job.lora.rank,
        targets=job.lora.targets,
    )
