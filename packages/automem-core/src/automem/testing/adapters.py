"""What a fake engine knows of an adapter: the folder's content as a hash, its rank, its faults."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from automem.records._struct import Record


class Adapter(Record):
    """One adapter as it was read when it was loaded."""

    name: str
    path: str
    content: str
    """SHA-256 over its files; what its answers depend on."""
    rank: int
    identity: str
    """What its cached blocks are found by."""


class Refusal(Record):
    """Why an adapter cannot be served, as a real engine says it."""

    said: str
    is_missing: bool = False
    """There is none at its path."""


def read_adapter(name: str, path: str, *, most_rank: int, identity: str) -> Adapter | Refusal:
    """Read a folder in peft's form."""
    folder = Path(path)
    try:
        config: dict[str, Any] = msgspec.json.decode(
            (folder / "adapter_config.json").read_bytes(), type=dict[str, Any]
        )
        weights = sorted(folder.glob("adapter_model.*"))
    except OSError:
        said = f"Loading lora {name} failed: No adapter found for {path}"
        return Refusal(said=said, is_missing=True)
    if not weights:
        return Refusal(said=f"{path} doesn't contain tensors")
    rank = int(config.get("r", 8))
    if rank > most_rank:
        return Refusal(said=f"LoRA rank {rank} is greater than max_lora_rank {most_rank}.")
    unsupported = [said for said, holds in _unsupported(config).items() if holds]
    if unsupported:
        return Refusal(said=" ".join(unsupported))
    digest = hashlib.sha256()
    for file in (folder / "adapter_config.json", *weights):
        digest.update(file.read_bytes())
    return Adapter(name=name, path=path, content=digest.hexdigest(), rank=rank, identity=identity)


def _unsupported(config: dict[str, Any]) -> dict[str, bool]:
    return {
        "vLLM only supports modules_to_save being None.": bool(config.get("modules_to_save")),
        "vLLM does not yet support DoRA.": bool(config.get("use_dora")),
        "Adapter bias is not supported.": config.get("bias", "none") != "none",
    }


def write_adapter(folder: Path, *, rank: int = 8, weights: bytes = b"weights") -> Path:
    """Make a folder that passes for an adapter; other `weights` make other answers."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "peft_type": "LORA",
        "r": rank,
        "lora_alpha": 2 * rank,
        "target_modules": ["q_proj", "v_proj"],
        "bias": "none",
        "modules_to_save": None,
        "use_dora": False,
    }
    (folder / "adapter_config.json").write_bytes(msgspec.json.encode(config))
    (folder / "adapter_model.safetensors").write_bytes(_safetensors(weights))
    return folder


def _safetensors(content: bytes) -> bytes:
    """A file of one tensor, named as peft names them."""
    tensor = {"dtype": "U8", "shape": [len(content)], "data_offsets": [0, len(content)]}
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    header = msgspec.json.encode({"__metadata__": {"format": "pt"}, name: tensor})
    return len(header).to_bytes(8, "little") + header + content
