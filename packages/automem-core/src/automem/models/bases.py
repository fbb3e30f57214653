"""Base models as files: where they lie, and whether one is the base that an adapter belongs to."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from automem.records.training import BaseIdentity

CONFIG: Final = "config.json"
TOKENIZER: Final = "tokenizer.json"
WEIGHT_PATTERNS: Final = ("*.safetensors", "pytorch_model*.bin")
"""Of the first form that is there, all files count."""
TEMPLATE: Final = "chat_template.jinja"
_ANSWERING: Final = (CONFIG, TOKENIZER, "tokenizer_config.json", "generation_config.json", TEMPLATE)
"""What answers depend on beside the weights; a token that ends them may stand in three of these."""
CHEAP_BYTES: Final = 1 << 30
"""Weights up to this size are hashed whenever an adapter is served: a second or two."""
_HASH_DIGITS: Final = 12
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A base held against the identity that an adapter names."""

    differs: str = ""
    """What is another, as the end of a sentence; empty where nothing is."""
    unknown: str = ""
    """What could not be compared, and why; empty where everything was."""


def base_folder(model: str, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Where a model lies: the folder that is named, or the hub's cache on this machine."""
    given = Path(model).expanduser()
    if (given / CONFIG).is_file():
        return given
    home = Path(environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    cache = Path(environ["HF_HUB_CACHE"]) if "HF_HUB_CACHE" in environ else home / "hub"
    repository = cache / f"models--{model.replace('/', '--')}"
    snapshots, main = repository / "snapshots", repository / "refs" / "main"
    if main.is_file():
        chosen = snapshots / main.read_text(encoding="utf-8").strip()
        if (chosen / CONFIG).is_file():
            return chosen
    found = [path.parent for path in snapshots.glob(f"*/{CONFIG}")]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def compare_base(
    identity: BaseIdentity,
    model: str,
    *,
    alias: bool = False,
    most_bytes: int = CHEAP_BYTES,
    environ: Mapping[str, str] = os.environ,
) -> Comparison:
    """Whether `model` is the base of an adapter, by its files where they are on this machine.

    An `alias` is what somebody else's engine calls its model: it may be called anything.
    Weights of more than `most_bytes` are not read, unless a hub's cache names them by their hash.
    The chat template is left out: engines may be given another one. Raises OSError.
    """
    folder = base_folder(model, environ)
    if folder is None:
        if identity.model.rstrip("/") == model.rstrip("/"):
            return Comparison(unknown=f"{model} is not on this machine; its name was compared")
        if alias:
            return Comparison(
                unknown=f"it was trained on {identity.model}; whether that is what the engine "
                f"serves as {model} was not compared"
            )
        return Comparison(differs="its name differs")
    if file_sha256(folder / CONFIG) != identity.config_sha256:
        return Comparison(differs=f"{CONFIG} differs")
    tokenizer = folder / TOKENIZER
    if tokenizer.is_file() and file_sha256(tokenizer) != identity.tokenizer_sha256:
        return Comparison(differs=f"{TOKENIZER} differs")
    files = weight_files(folder)
    to_read = sum(path.stat().st_size for path in files if _named_hash(path) is None)
    if not files or to_read > most_bytes:
        why = f"{to_read / (1 << 30):.1f} GiB take too long to read" if files else "there are none"
        return Comparison(unknown=f"the weights in {folder} were not compared: {why}")
    if weights_sha256(folder) != identity.weights_sha256:
        return Comparison(differs="the weights differ")
    return Comparison()


def weight_files(folder: Path) -> list[Path]:
    """The files of a model's weights, by name; none where there are none."""
    for pattern in WEIGHT_PATTERNS:
        if files := sorted(folder.glob(pattern)):
            return files
    return []


def weights_sha256(folder: Path) -> str:
    """The hash of a line `NAME HASH` for each weight file, by name. Raises OSError."""
    files = weight_files(folder)
    lines = [f"{path.name} {_named_hash(path) or file_sha256(path)}\n" for path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def content_name(folder: Path) -> str:
    """The folder's name and a hash of what answers depend on. Raises OSError."""
    parts = [folder / name for name in _ANSWERING]
    lines = [f"{path.name} {file_sha256(path)}\n" for path in parts if path.is_file()]
    digest = hashlib.sha256("".join([*lines, weights_sha256(folder)]).encode()).hexdigest()
    return f"{folder.name}-{digest[:_HASH_DIGITS]}"


def file_sha256(path: Path) -> str:
    """Of the bytes of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _named_hash(path: Path) -> str | None:
    """The hash of a weight file where a cache of a hub names by it the file that a link leads to.

    Reading it instead would take minutes.
    """
    target = path.resolve().name
    return target if path.is_symlink() and _SHA256.fullmatch(target) else None
