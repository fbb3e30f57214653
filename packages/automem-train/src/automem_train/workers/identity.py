"""Which base model this is, by hashes of its files; whoever serves an adapter can compare them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from automem.errors import TrainerError
from automem.models import bases
from automem.models.bases import CONFIG, TOKENIZER, WEIGHT_PATTERNS, file_sha256, weight_files
from automem.records.training import BaseIdentity

__all__ = ["CONFIG", "base_identity", "file_sha256", "identity_sha256", "weights_sha256"]


def base_identity(model: str, folder: Path, template: str) -> BaseIdentity:
    """The identity of a base whose files are in `folder`. Raises TrainerError."""
    return BaseIdentity(
        model=model,
        config_sha256=_file_sha256(folder / CONFIG),
        weights_sha256=weights_sha256(folder),
        tokenizer_sha256=_file_sha256(folder / TOKENIZER),
        template_sha256=hashlib.sha256(template.encode()).hexdigest(),
    )


def identity_sha256(base: BaseIdentity) -> str:
    """Of an identity, whatever the base is called."""
    nameless = msgspec.structs.replace(base, model="")
    return hashlib.sha256(msgspec.json.encode(nameless, order="deterministic")).hexdigest()


def weights_sha256(folder: Path) -> str:
    """Of the names and hashes of the weight files. Raises TrainerError."""
    if not weight_files(folder):
        raise TrainerError(f"{folder} holds no weights ({' or '.join(WEIGHT_PATTERNS)})")
    try:
        return bases.weights_sha256(folder)
    except OSError as error:
        raise _unreadable(error) from error


def _file_sha256(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> TrainerError:
    return TrainerError(f"the base's {error.filename} cannot be read: {error.strerror}")
