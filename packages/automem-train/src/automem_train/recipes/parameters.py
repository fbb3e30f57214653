"""How large a base model is, read from the headers of its weight files."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any, Final

from automem.errors import DataError

_LONGEST: Final = 100_000_000
"""Bytes of a header, as the format allows."""


def parameters_of(base: str) -> int | None:
    """How many parameters the model in a folder has; None where it is no folder with weights.

    Raises DataError where a weight file is damaged.
    """
    folder = Path(base).expanduser()
    found = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    return sum(map(_count, found)) if found else None


def _count(path: Path) -> int:
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > _LONGEST:
                raise ValueError(f"a header of {length} bytes")
            header: dict[str, Any] = json.loads(file.read(length))
        tensors = [entry for name, entry in header.items() if name != "__metadata__"]
        return sum([math.prod(entry["shape"]) for entry in tensors])
    except (OSError, ValueError, struct.error, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"{path} is no safetensors file: {error}") from error
