"""How large a model's weights are: from its files where they are here, else from its dimensions.

Of a file only the header is read, which says what each tensor is.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, cast

import msgspec

from automem.errors import ConfigError
from automem.models.bases import CONFIG, base_folder
from automem.records._struct import Record
from automem_backends.capacity.known import known_names, known_shape
from automem_backends.capacity.shape import Shape, read_shape

_INDEX = "model.safetensors.index.json"
_LARGEST_HEADER = 256 << 20
_TENSOR_BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2}
_FLOATS = ("F32", "F16", "BF16")
_GROUP = 128
"""Weights that share a scale where four bits are kept of each, and no file says otherwise."""


class Weights(Record):
    """A model as far as planning needs it."""

    shape: Shape
    bytes: int
    """Of all weights as they lie in memory."""
    source: str
    """Where this is from, in words."""


class _Tensor(msgspec.Struct, frozen=True):
    dtype: str = ""
    shape: list[int] = []


class _Metadata(msgspec.Struct, frozen=True):
    total_size: float = 0.0


class _Index(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()
    weight_map: dict[str, str] = {}


def read_weights(
    model: str,
    *,
    dtype_bytes: int | None = None,
    quantization: str = "",
    environ: Mapping[str, str] = os.environ,
) -> Weights:
    """Dimensions and size of a model, by its folder or its name on the hub.

    `dtype_bytes` and `quantization` are what the engine is told to make of it, where it is told.
    Raises ConfigError where nothing is known of it.
    """
    folder = base_folder(model, environ)
    if folder is None:
        shape = known_shape(model)
        if shape is None:
            raise ConfigError(
                f"nothing is known of the model {model}: it is not on this machine, and not one "
                f"of {', '.join(known_names())}; fetch it (hf download {model}), or name its folder"
            )
        said = "computed from its published dimensions"
        return Weights(shape=shape, bytes=_computed(shape, dtype_bytes, quantization), source=said)
    path = folder / CONFIG
    try:
        shape = read_shape(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    found = None if quantization else _size_of_files(folder, dtype_bytes)
    if found is not None:
        return Weights(shape=shape, bytes=found, source=f"from the files in {folder}")
    said = f"computed from {path}"
    return Weights(shape=shape, bytes=_computed(shape, dtype_bytes, quantization), source=said)


def _computed(shape: Shape, dtype_bytes: int | None, quantization: str) -> int:
    plain = dtype_bytes or min(shape.dtype_bytes, 2)
    bits = shape.bits if shape.quantization else 8 * plain
    if quantization and not shape.quantization:
        # What an engine quantizes while it loads.
        bits = 4 if "4" in quantization or quantization == "bitsandbytes" else 8
    # A scale of 16 bits and a zero of four for each group.
    scales = 20 / _GROUP if bits == 4 else 0.0
    layers = shape.layer_parameters * (bits + scales) / 8
    return round(layers + shape.embedding_parameters * plain)


def _size_of_files(folder: Path, served: int | None) -> int | None:
    """Bytes of all tensors as the engine loads them; None without weights."""
    index = folder / _INDEX
    if index.is_file():
        listed: _Index = _decoded(index.read_bytes(), _Index, index)
        files = [folder / name for name in sorted(set(listed.weight_map.values()))]
        if not files or not all(file.is_file() for file in files):
            return round(listed.metadata.total_size) or None
    else:
        files = sorted(folder.glob("*.safetensors"))
    if files:
        return sum(_size_of_tensors(file, served) for file in files)
    return sum(file.stat().st_size for file in folder.glob("pytorch_model*.bin")) or None


def _size_of_tensors(file: Path, served: int | None) -> int:
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            header = opened.read(min(length, _LARGEST_HEADER))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    tensors = cast("dict[str, Any]", _decoded(header, dict[str, Any], file))
    tensors.pop("__metadata__", None)
    total = 0
    for content in tensors.values():
        tensor = msgspec.convert(content, _Tensor, strict=False)
        width = _TENSOR_BYTES.get(tensor.dtype, 1)
        if tensor.dtype in _FLOATS:
            # Engines make half of 32 bits where they are not told otherwise.
            width = served or min(width, 2)
        total += prod(tensor.shape) * width
    return total


def _decoded(text: bytes, form: type[Any], where: Path) -> Any:
    try:
        return msgspec.json.decode(text, type=form)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{where} is damaged: {error}; fetch it again") from error
