"""What a folder is built with, written down when it is begun: other numbers are refused there."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from automem.files import write_json
from automem.records._struct import Record
from automem_tiny.building.errors import BuildError
from automem_tiny.folders import PACKAGE
from automem_tiny.recipe import Recipe

NAME: Final = "build.json"
LOCK: Final = ".lock"
_PARTS: Final = ("corpus", "engine", "scaffolds", "teacher", "training")
"""Folders of this package that what is built depends on."""
_LOCK_SECONDS: Final = 10.0
"""For children of a killed build to end."""


class Pins(Record):
    """What the bytes of a model depend on, but for the machine.

    AutoMem's other packages, which play the episodes, are named by version alone.
    """

    recipe: Recipe
    versions: dict[str, str]
    sources: dict[str, str]
    """SHA-256 of the files of each part of this package."""


def sources() -> dict[str, str]:
    """What is in the parts of this package now."""
    return {part: _digest(PACKAGE / part) for part in _PARTS}


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def pin(folder: Path, pins: Pins) -> None:
    """Write the pins into a new folder. Raises BuildError where others are in it."""
    path = folder / NAME
    if not path.exists():
        if any(one.name != LOCK for one in folder.iterdir()):
            raise BuildError(
                f"{folder} holds files, but was not made by automem-tiny build; name another one"
            )
        write_json(path, pins)
        return
    try:
        before = msgspec.json.decode(path.read_bytes())
    except msgspec.DecodeError as error:
        raise BuildError(f"{path} cannot be read: {error}; name another folder") from error
    if changes := list(_changes("", before, msgspec.json.decode(msgspec.json.encode(pins)))):
        raise BuildError(
            f"{folder} was begun with other numbers: {'; '.join(changes)}. Name another folder, or "
            "remove this one"
        )


def _changes(name: str, old: Any, new: Any) -> Generator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        one, other = cast("Mapping[str, Any]", old), cast("Mapping[str, Any]", new)
        for key in sorted({*one, *other}):
            yield from _changes(f"{name}.{key}" if name else key, one.get(key), other.get(key))
    elif old != new:
        if name.startswith("sources."):
            yield f"the code in {name.removeprefix('sources.')}/ has changed"
        else:
            yield f"{name} was {_shown(old)} and is {_shown(new)}"


def _shown(value: Any) -> str:
    return msgspec.json.encode(value).decode()


@contextmanager
def locked(folder: Path, *, wait_seconds: float = _LOCK_SECONDS) -> Generator[int]:
    """The lock of a folder, for one build at a time. Raises BuildError while another has it."""
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        _wait(handle, folder, time.monotonic() + wait_seconds)
        yield handle
    finally:
        os.close(handle)


def _wait(handle: int, folder: Path, until: float) -> None:
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise BuildError(
                    f"another build is at work in {folder}; wait for it, or name another folder"
                ) from None
            time.sleep(0.1)
