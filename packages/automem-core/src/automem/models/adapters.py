"""Adapters as folders in peft's form, known by what they hold and not by where they lie.

An adapter that is trained anew may stand in the folder of the one before. Engines that keep what
they computed for a name would go on answering from it, and an evaluation of the one would pass
for one of the other. So the name of an adapter holds a hash of its content.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from automem.errors import AdapterError
from automem.records.training import Provenance

PROVENANCE = "provenance.json"
SETTINGS = "adapter_config.json"
WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
_PLAIN: Mapping[str, tuple[object, ...]] = {
    "peft_type": ("LORA",),
    "modules_to_save": (None, []),
    "use_dora": (None, False),
    "bias": (None, "none"),
    "lora_bias": (None, False),
    "alpha_pattern": (None, {}),
    "fan_in_fan_out": (None, False),
    "layer_replication": (None, []),
    "target_parameters": (None, []),
    "trainable_token_indices": (None, []),
    "use_qalora": (None, False),
    "alora_invocation_tokens": (None, []),
}
"""Settings of peft, and the values of theirs that mean a plain LoRA."""
_BLOCK = 1 << 20
_NAME_CHARACTERS = 40
_HASH_DIGITS = 12


def is_folder(given: str) -> bool:
    """Whether an adapter is given by its folder, and not by the name an engine has for it."""
    return (Path(given).expanduser() / SETTINGS).is_file()


def identity(given: str) -> str:
    """What tells this adapter from every other: name and content of a folder, or what is given."""
    return content_name(Path(given).expanduser().resolve()) if is_folder(given) else given


def strange_setting(settings: Mapping[str, object]) -> str:
    """A setting that makes an adapter more than a plain LoRA, as `key = value`; empty for none."""
    strange = (key for key, plain in _PLAIN.items() if settings.get(key) not in plain)
    return next((f"{key} = {settings.get(key)!r}" for key in strange), "")


def read_provenance(folder: Path) -> Provenance:
    """What an adapter that was trained here came from. Raises AdapterError."""
    path = folder / PROVENANCE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Provenance)
    except FileNotFoundError as error:
        raise AdapterError(
            f"{folder} has no {PROVENANCE}: it is not trained to its end, or not by AutoMem"
        ) from error
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AdapterError(f"{path} cannot be read: {error}; train the adapter again") from error


def other_file(folder: Path, said: Provenance) -> str:
    """Name of a file of an adapter that is not the one its provenance speaks of; empty for none.

    Files are read; one whose hash the provenance leaves out is not. Raises OSError.
    """
    told = {WEIGHTS[0]: said.adapter_sha256, SETTINGS: said.settings_sha256}
    others = [name for name, wanted in told.items() if wanted and _sha256(folder / name) != wanted]
    return next(iter(others), "")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_name(folder: Path) -> str:
    """The folder's name and a hash of its settings and weights."""
    digest = hashlib.sha256()
    for name in (SETTINGS, *WEIGHTS):
        file = folder / name
        if not file.is_file():
            continue
        digest.update(f"{name}\0".encode())
        with file.open("rb") as opened:
            while block := opened.read(_BLOCK):
                digest.update(block)
    readable = re.sub(r"[^A-Za-z0-9._-]", "_", folder.name)[:_NAME_CHARACTERS]
    return f"{readable}-{digest.hexdigest()[:_HASH_DIGITS]}"
