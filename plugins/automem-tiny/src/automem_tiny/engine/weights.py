"""The weights of a model, read from disk and put into the form that is fastest to compute with.

What is computed is the same; only fewer, larger products are left of it. Queries, keys and values
are one matrix, and so are gate and up. The gains of the norms, the scale of attention and a sign
that SwiGLU needs lie in the matrices. The two halves of a head, which rotary embeddings turn
together, lie side by side, so that turning them is one product of complex numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from automem.errors import ServerError
from automem_tiny.engine.shape import Shape

Matrix = NDArray[np.float32]
Projection = Literal["q", "k", "v", "o", "gate", "up", "down"]
Block = Literal["qkv", "o", "gate_up", "down"]
BLOCKS: Final[dict[Block, tuple[Projection, ...]]] = {
    "qkv": ("q", "k", "v"),
    "o": ("o",),
    "gate_up": ("gate", "up"),
    "down": ("down",),
}
"""The products of a layer, in order, and the projections that each of them computes."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: each block's matrix, `[inputs, outputs]`, and its bias where it has one."""

    matrices: dict[Block, Matrix]
    biases: dict[Block, Matrix]
    gains: dict[Block, Matrix]
    """Of the norm before a block; they are in its matrix, and an adapter's needs them, too."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A whole model."""

    shape: Shape
    embedding: Matrix
    head: Matrix
    """`[hidden, vocabulary]`."""
    layers: tuple[Layer, ...]


def place(shape: Shape, projection: Projection, rows: Matrix) -> Matrix:
    """The outputs of a projection, first axis, as the engine orders, scales and signs them."""
    if projection in ("q", "k"):
        tail = rows.shape[1:]
        halves = rows.reshape(-1, 2, shape.head_dim // 2, *tail)
        rows = halves.swapaxes(1, 2).reshape(-1, *tail)
    if projection == "q":
        return rows * np.float32(shape.head_dim**-0.5)
    return -rows if projection in ("gate", "up") else rows


def sizes(shape: Shape, projection: Projection) -> tuple[int, int]:
    """Outputs and inputs of a projection."""
    hidden, inner = shape.hidden_size, shape.intermediate_size
    return {
        "q": (shape.query_width, hidden),
        "k": (shape.key_width, hidden),
        "v": (shape.key_width, hidden),
        "o": (hidden, shape.query_width),
        "gate": (inner, hidden),
        "up": (inner, hidden),
        "down": (hidden, inner),
    }[projection]


def layer_name(number: int, projection: Projection) -> str:
    """The name of a projection in the files of transformers and peft."""
    part = "self_attn" if projection in ("q", "k", "v", "o") else "mlp"
    return f"model.layers.{number}.{part}.{projection}_proj"


def read_weights(folder: Path, shape: Shape) -> Weights:
    """Read `model.safetensors`. Raises ServerError if it is missing, damaged, or of another."""
    path = folder / "model.safetensors"
    tensors = read_tensors(path)
    used: set[str] = set()

    def take(name: str, *wanted: int) -> Matrix:
        found = tensors.get(name)
        if found is None or found.shape != wanted:
            was = "is missing" if found is None else f"has the shape {found.shape}"
            raise ServerError(
                f"{path} does not go with its config.json: {name} {was}, and {wanted} is wanted; "
                "put both there anew, from one model"
            )
        used.add(name)
        return found

    hidden = shape.hidden_size
    embedding = take("model.embed_tokens.weight", shape.vocab_size, hidden)
    head = embedding
    if not shape.tie_word_embeddings:
        head = take("lm_head.weight", shape.vocab_size, hidden)
    used.add("lm_head.weight")
    last = take("model.norm.weight", hidden)

    def layer(number: int) -> Layer:
        name = f"model.layers.{number}"
        gains: dict[Block, Matrix] = {
            "qkv": take(f"{name}.input_layernorm.weight", hidden),
            "gate_up": take(f"{name}.post_attention_layernorm.weight", hidden),
        }
        matrices: dict[Block, Matrix] = {}
        biases: dict[Block, Matrix] = {}
        for block, projections in BLOCKS.items():
            names: list[tuple[Projection, str]] = [
                (one, layer_name(number, one)) for one in projections
            ]
            whole = np.concatenate(
                [place(shape, p, take(f"{n}.weight", *sizes(shape, p))) for p, n in names]
            )
            gain = gains.get(block)
            matrices[block] = np.ascontiguousarray((whole if gain is None else whole * gain).T)
            if shape.attention_bias and block in ("qkv", "o"):
                biases[block] = np.concatenate(
                    [place(shape, p, take(f"{n}.bias", sizes(shape, p)[0])) for p, n in names]
                )
        return Layer(matrices, biases, gains)

    layers = tuple(layer(number) for number in range(shape.num_hidden_layers))
    if extra := sorted(tensors.keys() - used):
        raise ServerError(
            f"{path} holds what its config.json says nothing of, such as {extra[0]}; use the "
            "backend local for this model"
        )
    return Weights(shape, embedding, np.ascontiguousarray((head * last).T), layers)


def read_tensors(path: Path) -> dict[str, Matrix]:
    """All of a safetensors file, in 32 bits. Raises ServerError if it is missing or damaged."""
    try:
        found: dict[str, NDArray[np.generic]] = load(path.read_bytes())
        tensors = {name: tensor.astype(np.float32) for name, tensor in found.items()}
    except FileNotFoundError as error:
        raise ServerError(f"{path.parent} is not complete: {path.name} is missing") from error
    except KeyError as error:
        raise ServerError(
            f"{path} holds numbers of the type {error.args[0]}, which NumPy has not; save it in "
            "float16, or use the backend local"
        ) from error
    except (OSError, SafetensorError, TypeError) as error:
        raise ServerError(f"{path} cannot be read: {error}; put it there anew") from error
    for name, tensor in tensors.items():
        # Else it would be answered from, and be taken for a model that plays badly.
        if not np.isfinite(tensor).all():
            raise ServerError(
                f"{path} is damaged: {name} holds numbers that are not finite; put it there anew"
            )
    return tensors
