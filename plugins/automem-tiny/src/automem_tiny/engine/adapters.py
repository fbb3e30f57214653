"""Adapters in peft's form: read, checked, and put into the form of the blocks they add to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from automem.errors import AdapterError, ServerError
from automem.models.adapters import strange_setting
from automem_tiny.engine.shape import Shape, read_json
from automem_tiny.engine.weights import (
    BLOCKS,
    Block,
    Layer,
    Matrix,
    Projection,
    Weights,
    layer_name,
    place,
    read_tensors,
    sizes,
)

_PREFIX: Final = "base_model.model."


@dataclass(frozen=True, slots=True)
class Pair:
    """What an adapter adds to one block: `inputs @ down @ up`."""

    down: Matrix
    up: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """One version of an adapter; two that were read are never the same."""

    path: str
    layers: tuple[dict[Block, Pair], ...]


def read_adapter(path: str, weights: Weights) -> Adapter:
    """Read a folder. Raises AdapterError if it is none, or cannot be served on this model."""
    folder = Path(path)
    try:
        settings = read_json(folder / "adapter_config.json")
        tensors = read_tensors(folder / "adapter_model.safetensors")
    except ServerError as error:
        raise AdapterError(f"the adapter {path} cannot be loaded: {error}") from error
    if strange := strange_setting(settings):
        raise AdapterError(
            f"the adapter {path} cannot be served: it has {strange}; train a plain LoRA"
        )
    pairs = _Pairs(path, settings, tensors, weights.shape)
    layers = tuple(pairs.layer(number, layer) for number, layer in enumerate(weights.layers))
    pairs.refuse_the_rest()
    if not any(layers):
        raise AdapterError(
            f"the adapter {path} holds no matrices, so it would change nothing; train it anew"
        )
    return Adapter(path, layers)


@dataclass(slots=True)
class _Pairs:
    path: str
    settings: dict[str, Any]
    tensors: dict[str, Matrix]
    shape: Shape

    def layer(self, number: int, layer: Layer) -> dict[Block, Pair]:
        """What it adds to each block of a layer."""
        found: dict[Block, Pair] = {}
        for block in BLOCKS:
            pair = self._block(number, block, layer.gains.get(block))
            if pair is not None:
                found[block] = pair
        return found

    def _block(self, number: int, block: Block, gain: Matrix | None) -> Pair | None:
        """The pairs of all projections of a block, as one."""
        shape = self.shape
        downs: list[Matrix] = []
        ups: list[tuple[int, Matrix]] = []
        start = 0
        for projection in BLOCKS[block]:
            found = self._projection(number, projection)
            if found is not None:
                downs.append(found.down)
                ups.append((start, place(shape, projection, found.up)))
            start += sizes(shape, projection)[0]
        if not downs:
            return None
        down = np.concatenate(downs)
        up = np.zeros((len(down), start), np.float32)
        row = 0
        for column, part in ups:
            outputs, rank = part.shape
            up[row : row + rank, column : column + outputs] = part.T
            row += rank
        return Pair(np.ascontiguousarray((down if gain is None else down * gain).T), up)

    def _projection(self, number: int, projection: Projection) -> Pair | None:
        name = layer_name(number, projection)
        down = self.tensors.pop(f"{_PREFIX}{name}.lora_A.weight", None)
        up = self.tensors.pop(f"{_PREFIX}{name}.lora_B.weight", None)
        if down is None and up is None:
            return None
        outputs, inputs = sizes(self.shape, projection)
        # A rank may be the projection's own.
        rank = 0 if down is None else down.shape[0]
        shapes = tuple(() if one is None else one.shape for one in (down, up))
        if down is None or up is None or rank == 0 or shapes != ((rank, inputs), (outputs, rank)):
            raise AdapterError(
                f"the adapter {self.path} was trained on another base: its matrices for {name} "
                f"have the shapes {shapes}, and this model wants ({rank or 'rank'}, {inputs}) and "
                f"({outputs}, {rank or 'rank'})"
            )
        return Pair(down, self._scaled(up, rank))

    def _scaled(self, up: Matrix, rank: int) -> Matrix:
        alpha = self.settings.get("lora_alpha") or rank
        try:
            scale = float(alpha) / (math.sqrt(rank) if self.settings.get("use_rslora") else rank)
        except (OverflowError, TypeError, ValueError):
            scale = math.nan
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = up * np.float32(scale)
        if not np.isfinite(scaled).all():
            raise AdapterError(
                f"the adapter {self.path} is damaged: with its lora_alpha, {alpha!r:.40}, its "
                "numbers are not finite; put it there anew"
            )
        return scaled

    def refuse_the_rest(self) -> None:
        """What was not asked for by any layer belongs to another model, or is no LoRA."""
        if self.tensors:
            raise AdapterError(
                f"the adapter {self.path} cannot be served: {min(self.tensors)} is no matrix of a "
                "LoRA on this model; train only q_proj, k_proj, v_proj, o_proj, gate_proj, "
                "up_proj, down_proj of it"
            )
