"""Writing an adapter out: as it is, or merged into its base."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from automem.errors import AdapterError
from automem.files import write_json, write_text
from automem.models.adapters import PROVENANCE, SETTINGS
from automem.models.bases import base_folder, compare_base
from automem.processes.child import child
from automem.processes.interpreters import python_of
from automem.processes.supervisor import supervised
from automem.processes.tail import Tail, last_lines
from automem.records.training import PROJECTIONS, Provenance
from automem_train.adapters.card import card
from automem_train.adapters.reading import read_whole
from automem_train.training.failing import said_why
from automem_train.training.folder import TrainingFolder
from automem_train.workers.merging import MERGE, Dtype, MergeJob
from automem_train.workers.provenance import WEIGHTS

_WORKER: Final = "automem_train.workers.merge"
_ALL_BYTES: Final = 1 << 62
_GRACE_SECONDS: Final = 3.0
DTYPES: tuple[Dtype, ...] = ("float32", "bfloat16", "float16")


class _Settings(msgspec.Struct, frozen=True):
    """`adapter_config.json`, as far as it says what is adapted, and how it is scaled."""

    r: int
    lora_alpha: float
    peft_type: str = "LORA"
    target_modules: list[str] | str | None = None
    modules_to_save: list[str] | None = None
    use_dora: bool | None = False
    use_rslora: bool | None = False
    bias: str | None = "none"
    rank_pattern: dict[str, int] | None = None
    alpha_pattern: dict[str, float] | None = None
    fan_in_fan_out: bool | None = False


def export_adapter(adapter: Path, out: Path) -> None:
    """A folder of the adapter alone, as peft loads it. Raises AdapterError."""
    said = read_whole(adapter)
    with _new_folder(out) as part:
        for name in (SETTINGS, WEIGHTS, PROVENANCE):
            shutil.copyfile(adapter / name, part / name)
        write_text(part / "README.md", card(said, adapter.name))


async def export_merged(
    adapter: Path, out: Path, *, dtype: Dtype, base: str = "", interpreter: str = "peft"
) -> None:
    """A folder of the base with the adapter in it, as transformers loads it.

    The sum is made in float32 and cast once, a file of weights at a time, in an interpreter with
    torch. `base` is where the base lies now, if not where it was trained. Raises AdapterError,
    and PluginError where the interpreter is not made.
    """
    said = read_whole(adapter)
    scale = merged_scale(adapter)
    folder = find_base(said, base)
    python = python_of(interpreter)
    job = MergeJob(base=_whole(folder), adapter=_whole(adapter), scale=scale, dtype=dtype)
    with _new_folder(out) as part:
        write_json(part / MERGE, job)
        await _merge(python, part)
        (part / MERGE).unlink()
        (part / "worker.log").unlink()
        shutil.copyfile(adapter / PROVENANCE, part / PROVENANCE)
        write_text(part / "README.md", card(said, adapter.name, dtype=dtype))


def merged_scale(adapter: Path) -> float:
    """What the adapter's product is multiplied by. Raises AdapterError for what merges wrongly."""
    try:
        said = msgspec.json.decode((adapter / SETTINGS).read_bytes(), type=_Settings)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AdapterError(f"{adapter / SETTINGS} cannot be read: {error}") from error
    targets = said.target_modules if isinstance(said.target_modules, list) else []
    others = [one for one in targets if one.rpartition(".")[2] not in PROJECTIONS]
    if others or not targets:
        named = ", ".join(others) or f"{said.target_modules}"
        raise AdapterError(
            f"{adapter} adapts {named}: a head or embedding is tied to another layer in many "
            f"bases, and would merge wrongly; train one on {', '.join(PROJECTIONS)}"
        )
    unusual = {
        f"is {said.peft_type}": said.peft_type.upper() != "LORA",
        "has whole layers in modules_to_save": bool(said.modules_to_save),
        "uses DoRA": bool(said.use_dora),
        "is scaled by rsLoRA": bool(said.use_rslora),
        "has trained biases": said.bias not in (None, "none"),
        "has a rank for each layer": bool(said.rank_pattern or said.alpha_pattern),
        "is stored transposed": bool(said.fan_in_fan_out),
    }
    found = next((told for told, is_so in unusual.items() if is_so), None)
    if found is not None:
        raise AdapterError(f"{adapter} {found}, which is not merged here; merge it with peft")
    return said.lora_alpha / said.r


def find_base(said: Provenance, named: str = "") -> Path:
    """Where the base of an adapter lies; every file is compared. Raises AdapterError."""
    model = named or said.job.base
    folder = base_folder(model)
    if folder is None:
        raise AdapterError(
            f"the base {model} is not on this machine; download it, or name its folder with --base"
        )
    try:
        found = compare_base(said.base, str(folder), most_bytes=_ALL_BYTES)
    except OSError as error:
        raise AdapterError(f"the base {folder} cannot be read: {error}") from error
    if found.differs or found.unknown:
        raise AdapterError(
            f"{folder} is not the base that the adapter was trained on, {said.base.model}: "
            f"{found.unknown or found.differs}; name that one with --base"
        )
    return folder


def _whole(folder: Path) -> str:
    return str(folder.resolve())


async def _merge(python: str, part: Path) -> None:
    folder = TrainingFolder(part)
    tail = Tail.at_end(folder.log)
    argv = supervised((python, "-I", "-m", _WORKER, str(part)), _GRACE_SECONDS)
    async with child(argv, log=folder.log, grace_seconds=_GRACE_SECONDS + 2.0) as worker:
        status = await worker.process.wait()
    if status != 0:
        why = said_why(folder.failure) or f"it ended with status {status}{last_lines(tail.text())}"
        raise AdapterError(f"the adapter cannot be merged: {why}")


@contextmanager
def _new_folder(out: Path) -> Generator[Path]:
    """A folder that takes the name `out` when the body is done. Raises AdapterError."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise AdapterError(f"{out} is there already; choose another folder with --out")
    part = out.with_name(f".{out.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        yield part
        if out.is_dir():
            out.rmdir()
        part.rename(out)
    except OSError as error:
        raise AdapterError(f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
