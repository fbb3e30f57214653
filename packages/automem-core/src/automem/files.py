"""Writing files that others read: under a temporary name, then renamed."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec


@contextmanager
def replacing(path: Path) -> Generator[BinaryIO]:
    """A new file that takes the name `path` when the body is done; a reader never sees half of it.

    Where the body fails, `path` stays as it was. What a killed process left behind is removed by
    the next one. A link at either name is replaced, never followed.
    """
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Put `text` at `path`, whole; folders above it are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Put a record at `path` as JSON that a person can read, whole; folders above it are made."""
    write_text(path, msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
