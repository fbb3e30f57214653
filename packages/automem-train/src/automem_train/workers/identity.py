"""Which base model this is, by hashes of its files; whoever serves an adapter can compare them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from automem.errors import TrainerError
from automem.records.training import BaseIdentity

CONFIG: Final = "config.json"
_TOKENIZER: Final = "tokenizer.json"
_WEIGHTS: Final = ("*.safetensors", "pytorch_model*.bin")
"""Of the first form that is there, all files count."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def base_identity(model: str, folder: Path, template: str) -> BaseIdentity:
    """The identity of a base whose files are in `folder`. Raises TrainerError."""
    return BaseIdentity(
        model=model,
        config_sha256=_file_sha256(folder / CONFIG),
        weights_sha256=weights_sha256(folder),
        tokenizer_sha256=_file_sha256(folder / _TOKENIZER),
        template_sha256=hashlib.sha256(template.encode()).hexdigest(),
    )


def weights_sha256(folder: Path) -> str:
    """The hash of a line `NAME HASH` for each weight file, by name. Raises TrainerError."""
    for pattern in _WEIGHTS:
        files = sorted(folder.glob(pattern))
        if files:
            lines = [f"{path.name} {_weight_sha256(path)}\n" for path in files]
            return hashlib.sha256("".join(lines).encode()).hexdigest()
    raise TrainerError(f"{folder} holds no weights ({' or '.join(_WEIGHTS)})")


def _weight_sha256(path: Path) -> str:
    # A cache of a hub names the file that a link leads to by its hash; reading it takes minutes.
    target = path.resolve().name
    return target if path.is_symlink() and _SHA256.fullmatch(target) else _file_sha256(path)


def file_sha256(path: Path) -> str:
    """Of the bytes of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file_sha256(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise TrainerError(f"the base's {path} cannot be read: {error.strerror}") from error
