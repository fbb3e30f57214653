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
from torch import nn
from torch.nn.functional import linear

from automem.errors import ServerError
from automem_backends.local.asked import Weights

_PREFIX = "base_model.model."
_PLAIN: Mapping[str, tuple[Any, ...]] = {
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


@dataclass(slots=True)
class Pair:
    """The two matrices that an adapter adds to one linear layer."""

    down: torch.Tensor
    up: torch.Tensor
    scale: float


@dataclass(slots=True)
class Rows:
    """Which rows of the present step belong to which adapter."""

    slices: tuple[tuple[int, int, Weights], ...] = ()


class AdaptedLinear(nn.Module):
    """A linear layer that adds to each row what the adapter of this row says."""

    def __init__(self, name: str, base: nn.Linear, rows: Rows) -> None:
        super().__init__()
        self.name = name
        self.base = base
        self.rows = rows

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The base layer, and the low-rank product on top, never merged into it."""
        outputs = self.base(inputs)
        for begin, end, weights in self.rows.slices:
            pair = weights.pairs.get(self.name)
            if pair is not None:
                low = linear(linear(inputs[..., begin:end, :], pair.down), pair.up)
                outputs[..., begin:end, :] += low * pair.scale
        return outputs


def read_adapter(name: str, path: str, model: Any) -> Weights:
    """Read a folder. Raises ServerError if it is none, or cannot be served on this model."""
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
    return Weights(name, path, _pairs(name, settings, tensors, model))


def install(weights: Weights, model: Any, rows: Rows) -> None:
    """Let every layer that the adapter changes look for its rows; only between two steps."""
    for name in weights.pairs:
        layer = model.get_submodule(name)
        if not isinstance(layer, AdaptedLinear):
            parent, _, last = name.rpartition(".")
            setattr(model.get_submodule(parent), last, AdaptedLinear(name, layer, rows))


def _check(name: str, settings: dict[str, Any]) -> None:
    if settings.get("peft_type") != "LORA":
        raise ServerError(
            f"Loading lora {name} failed: it is of the type {settings.get('peft_type')}; "
            "only LORA is served"
        )
    for key, plain in _PLAIN.items():
        value = settings.get(key)
        if value not in plain:
            raise ServerError(
                f"Loading lora {name} failed: its setting {key} is {value!r}, which is not served; "
                "train it without"
            )


def _pairs(
    name: str, settings: dict[str, Any], tensors: dict[str, torch.Tensor], model: Any
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
        layer: _pair(name, layer, settings, matrices, model) for layer, matrices in found.items()
    }


def _pair(
    name: str,
    layer: str,
    settings: dict[str, Any],
    matrices: dict[str, torch.Tensor],
    model: Any,
) -> Pair:
    like = _linear(name, layer, model).weight
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


def _linear(name: str, layer: str, model: Any) -> nn.Linear:
    try:
        module = model.get_submodule(layer)
    except AttributeError:
        module = None
    if isinstance(module, AdaptedLinear):
        return module.base
    if module is not None and module is model.get_output_embeddings():
        raise ServerError(f"Loading lora {name} failed: adapters on {layer} are not served")
    if not isinstance(module, nn.Linear):
        raise ServerError(
            f"Loading lora {name} failed: this model has no linear layer {layer}; it was trained "
            "on another base"
        )
    return module
