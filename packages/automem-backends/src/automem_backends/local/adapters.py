"""Adapters in peft's form: read, checked, and applied to the rows of a step that ask for them."""
# torch is in the interpreter of this engine only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch.nn.functional import linear

from automem.errors import ServerError
from automem.models.adapters import strange_setting
from automem_backends.local.asked import Weights

_PREFIX = "base_model.model."


@dataclass(slots=True)
class Pair:
    """The two matrices that an adapter adds to one linear layer."""

    down: torch.Tensor
    up: torch.Tensor
    scale: float


@dataclass(slots=True)
class Rows:
    """Which rows of a step belong to which adapter; those of the base model to none."""

    slices: tuple[tuple[int, int, Weights], ...] = ()

    def add(self, name: str, inputs: torch.Tensor, outputs: torch.Tensor) -> None:
        """Add to a layer's outputs what each adapter says; its product is never merged."""
        for begin, end, weights in self.slices:
            pair: Pair | None = weights.pairs.get(name)
            if pair is not None:
                low = linear(linear(inputs[begin:end], pair.down), pair.up)
                outputs[begin:end] += low * pair.scale


def read_adapter(name: str, path: str, layers: Mapping[str, torch.Tensor]) -> Weights:
    """Read a folder. Raises ServerError if it is none, or cannot be served on this model.

    `layers` are the weights of the model that can be adapted, by name.
    """
    folder = Path(path)
    try:
        settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "adapter_model.safetensors")
    except FileNotFoundError as error:
        raise ServerError(
            f"Loading lora {name} failed: No adapter found for {path}: "
            f"{Path(str(error.filename or error)).name} is missing"
        ) from error
    except Exception as error:
        raise ServerError(f"Loading lora {name} failed: {path} is damaged: {error}") from error
    _check(name, settings)
    return Weights(name, path, _pairs(name, settings, tensors, layers))


def _check(name: str, settings: dict[str, Any]) -> None:
    if strange := strange_setting(settings):
        raise ServerError(
            f"Loading lora {name} failed: it has {strange}, which is not served; train a plain LoRA"
        )


def _pairs(
    name: str, settings: dict[str, Any], tensors: dict[str, torch.Tensor], layers: Mapping[str, Any]
) -> dict[str, Pair]:
    found: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        layer, dot, kind = key.removeprefix(_PREFIX).rpartition(".lora_")
        if not dot or kind not in ("A.weight", "B.weight"):
            raise ServerError(
                f"Loading lora {name} failed: {key} is no matrix of a LoRA on a linear layer"
            )
        found.setdefault(layer, {})[kind[0]] = tensor
    if not found:
        raise ServerError(f"Loading lora {name} failed: it holds no matrices")
    return {
        layer: _pair(name, layer, settings, matrices, layers.get(layer))
        for layer, matrices in found.items()
    }


def _pair(
    name: str,
    layer: str,
    settings: dict[str, Any],
    matrices: dict[str, torch.Tensor],
    like: torch.Tensor | None,
) -> Pair:
    if like is None:
        raise ServerError(
            f"Loading lora {name} failed: {layer} is no layer of this model that can be adapted; "
            "train only q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj of it"
        )
    shapes = {kind: tuple(matrix.shape) for kind, matrix in matrices.items()}
    # A rank may be the layer's own.
    rank = shapes.get("A", (0,))[0]
    wanted = {"A": (rank, like.shape[1]), "B": (like.shape[0], rank)}
    if shapes != wanted or rank == 0:
        raise ServerError(
            f"Loading lora {name} failed: its matrices for {layer} have the shapes {shapes}, and "
            f"this model wants {wanted}; it was trained on another base"
        )
    alpha = float(settings.get("lora_alpha", rank))
    scale = alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)
    return Pair(matrices["A"].to(like), matrices["B"].to(like), scale)
