"""Which build of torch an interpreter gets: one for the CPU, unless another is asked for.

The index has the CUDA build, which is ten times as large. uv finds the others on an index of
torch's own; where that cannot be reached, a folder of wheels that pip is configured with may have
one, and then its very version is asked for, since nothing else tells the two builds apart.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from automem.records._struct import Record

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The version that runs here, so that none has to be fetched."""
VARIABLE = "UV_TORCH_BACKEND"
"""uv's own: `cu130`, `rocm7.2`, `auto`, ..."""


class TorchBuild(Record):
    """What an `Interpreter` needs to be told."""

    requirement: str
    options: tuple[str, ...] = ()


def torch_build(environ: Mapping[str, str] = os.environ, python: str = PYTHON) -> TorchBuild:
    """The build for the CPU, from a folder of wheels where one has it; or `UV_TORCH_BACKEND`."""
    chosen = environ.get(VARIABLE)
    if chosen:
        return TorchBuild(requirement="torch", options=(f"--torch-backend={chosen}",))
    folders = [Path(folder) for folder in environ.get("PIP_FIND_LINKS", "").split()]
    versions = [version for folder in folders for version in _cpu_versions(folder, python)]
    if versions:
        newest = max(versions, key=_numbers)
        return TorchBuild(requirement=f"torch=={newest}")
    return TorchBuild(requirement="torch", options=("--torch-backend=cpu",))


def _cpu_versions(folder: Path, python: str) -> Iterable[str]:
    tag = f"cp{python.replace('.', '')}"
    for wheel in folder.glob(f"torch-*+cpu-{tag}-*.whl"):
        yield wheel.name.split("-")[1]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("+")[0].split(".") if part.isdecimal())
