"""Adds an adapter to its base: `python -m automem_train.workers.merge FOLDER`, with `merge.json`.

One file of the base's weights is in memory at a time, so that a base of any size can be merged on
the machine that serves it. Each sum is made in float32 and cast once. Everything that is not a
weight is copied as it is: the tokenizer, its chat template, the settings of the model.
"""
# torch is in interpreters of trainers only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from automem.errors import AdapterError
from automem.files import write_text
from automem_train.workers.failing import failures
from automem_train.workers.merging import MERGE, MergeJob

INDEX: Final = "model.safetensors.index.json"
CONFIG: Final = "config.json"
_WEIGHTS: Final = "adapter_model.safetensors"
_COPIED: Final = ("*.json", "*.jinja", "*.txt", "*.model", "*.py")
_ADAPTED: Final = re.compile(r"base_model\.model\.(.+)\.lora_([AB])(?:\.\w+)?\.weight")


@dataclass(frozen=True, slots=True)
class Pair:
    """The two matrices that are added to one weight, as their product."""

    down: Any
    """`A`: rank x inputs."""
    up: Any
    """`B`: outputs x rank."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Merge what the folder's job names; 1 where it failed."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, help="with merge.json")
    given = parser.parse_args(arguments)
    with failures(given.folder) as ending:
        job = msgspec.json.decode((given.folder / MERGE).read_bytes(), type=MergeJob)
        merge(job, given.folder)
    return ending.status


def merge(job: MergeJob, out: Path) -> None:
    """Write the merged model into a folder. Raises AdapterError."""
    base = Path(job.base)
    config = json.loads((base / CONFIG).read_text(encoding="utf-8"))
    if "quantization_config" in config:
        raise AdapterError(
            f"the weights of {base} are quantized, and a sum cannot be cast to that again; merge "
            "into the base they were made from"
        )
    files = weight_files(base)
    if not files:
        raise AdapterError(f"{base} holds no safetensors; save its weights in that form")
    pairs = read_pairs(Path(job.adapter) / _WEIGHTS)
    size, used = 0, set[str]()
    for file in files:
        size += _merge_file(file, out / file.name, pairs, job, used)
    unused = sorted(set(pairs) - used)
    if unused:
        raise AdapterError(
            f"{base} has no weight {unused[0]}.weight, which the adapter changes; it is stored "
            "otherwise than it is run, so merge it with peft"
        )
    _copy_rest(base, out, config, job.dtype)
    if (base / INDEX).is_file():
        index: dict[str, Any] = json.loads((base / INDEX).read_text(encoding="utf-8"))
        index["metadata"] = {**index.get("metadata", {}), "total_size": size}
        write_text(out / INDEX, json.dumps(index, indent=2, sort_keys=True) + "\n")


def weight_files(base: Path) -> list[Path]:
    """Those that the model is loaded from; a folder may have the same weights in another form."""
    if (base / INDEX).is_file():
        index = json.loads((base / INDEX).read_text(encoding="utf-8"))
        return [base / name for name in sorted(set(index["weight_map"].values()))]
    return sorted(base.glob("*.safetensors"))


def read_pairs(weights: Path) -> dict[str, Pair]:
    """Both matrices by the name of the layer that they change. Raises AdapterError."""
    from safetensors.torch import load_file

    halves: dict[str, dict[str, Any]] = {}
    for name, tensor in load_file(weights).items():
        found = _ADAPTED.fullmatch(name)
        if found is None:
            raise AdapterError(f"{weights} holds {name}, which is no part of a plain LoRA")
        halves.setdefault(found[1], {})[found[2]] = tensor.float()
    lone = [name for name, both in halves.items() if len(both) != 2]
    if lone:
        raise AdapterError(f"{weights} has half of what it adds to {lone[0]}; it is cut off")
    return {name: Pair(down=both["A"], up=both["B"]) for name, both in halves.items()}


def _merge_file(
    source: Path, target: Path, pairs: dict[str, Pair], job: MergeJob, used: set[str]
) -> int:
    """Write one file of weights; their bytes. `used` gets the layers that were changed."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    dtype = getattr(torch, job.dtype)
    tensors: dict[str, Any] = {}
    with safe_open(source, framework="pt") as file, torch.inference_mode():
        metadata = file.metadata()
        for name in file.keys():  # noqa: SIM118 - it is no mapping
            tensor = file.get_tensor(name)
            layer = name.removesuffix(".weight")
            pair = pairs.get(layer)
            if pair is not None:
                used.add(layer)
                tensor = tensor.float() + job.scale * (pair.up @ pair.down)
            tensors[name] = tensor.to(dtype) if tensor.is_floating_point() else tensor
        save_file(tensors, target, metadata)
    target.chmod(0o644)
    return sum(tensor.nbytes for tensor in tensors.values())


def _copy_rest(base: Path, out: Path, config: dict[str, Any], dtype: str) -> None:
    for pattern in _COPIED:
        for file in base.glob(pattern):
            if file.name not in (CONFIG, INDEX):
                shutil.copyfile(file, out / file.name)
    # As older versions of transformers call it.
    key = "torch_dtype" if "torch_dtype" in config else "dtype"
    told = {**config, key: dtype}
    write_text(out / CONFIG, json.dumps(told, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main())
