"""All weights in one flat array, seen as matrices under transformers' names and as fused ones.

Queries, keys and values of a layer lie side by side, and so do gate and up: a fused matrix is a
view. The matrices of the layers come first, since another optimizer moves them.

Of queries and keys, the two halves of a head, which rotary embeddings turn together, lie
interleaved here, so that turning them is one product of complex numbers; `fill` and `unfilled`
translate.
"""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Shape:
    """The numbers of a network."""

    hidden: int
    inner: int
    layers: int
    heads: int
    key_heads: int
    vocabulary: int
    epsilon: float
    theta: float

    @classmethod
    def of(cls, config: Any) -> Shape:
        """From transformers' configuration."""
        return cls(
            hidden=config.hidden_size,
            inner=config.intermediate_size,
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            key_heads=config.num_key_value_heads,
            vocabulary=config.vocab_size,
            epsilon=config.rms_norm_eps,
            theta=config.rope_parameters["rope_theta"],
        )

    @property
    def head(self) -> int:
        """Numbers of one head."""
        return self.hidden // self.heads

    @property
    def turning(self) -> int:
        """Numbers of queries and keys, which rotary embeddings turn."""
        return (self.heads + self.key_heads) * self.head

    @property
    def qkv(self) -> int:
        """Numbers of queries, keys and values."""
        return self.turning + self.key_heads * self.head


@dataclass(frozen=True, slots=True)
class Layer:
    """Views of one layer's weights."""

    qkv: Tensor
    output: Tensor
    gate_up: Tensor
    down: Tensor
    qkv_bias: Tensor
    output_bias: Tensor
    attention_norm: Tensor
    inner_norm: Tensor


@dataclass(frozen=True, slots=True)
class Parameters:
    """Views of all weights."""

    shape: Shape
    layers: tuple[Layer, ...]
    embedding: Tensor
    norm: Tensor


def sizes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all weights in the order in which they lie."""
    hidden, inner, keys = shape.hidden, shape.inner, shape.key_heads * shape.head
    layers = [f"model.layers.{number}" for number in range(shape.layers)]
    found: dict[str, tuple[int, ...]] = {}
    for layer in layers:
        found[f"{layer}.self_attn.q_proj.weight"] = (hidden, hidden)
        found[f"{layer}.self_attn.k_proj.weight"] = (keys, hidden)
        found[f"{layer}.self_attn.v_proj.weight"] = (keys, hidden)
        found[f"{layer}.self_attn.o_proj.weight"] = (hidden, hidden)
        found[f"{layer}.mlp.gate_proj.weight"] = (inner, hidden)
        found[f"{layer}.mlp.up_proj.weight"] = (inner, hidden)
        found[f"{layer}.mlp.down_proj.weight"] = (hidden, inner)
    for layer in layers:
        found[f"{layer}.self_attn.q_proj.bias"] = (hidden,)
        found[f"{layer}.self_attn.k_proj.bias"] = (keys,)
        found[f"{layer}.self_attn.v_proj.bias"] = (keys,)
        found[f"{layer}.self_attn.o_proj.bias"] = (hidden,)
        found[f"{layer}.input_layernorm.weight"] = (hidden,)
        found[f"{layer}.post_attention_layernorm.weight"] = (hidden,)
    found["model.embed_tokens.weight"] = (shape.vocabulary, hidden)
    found["model.norm.weight"] = (hidden,)
    return found


def total(shape: Shape) -> int:
    """How many numbers the weights are."""
    return sum(map(prod, sizes(shape).values()))


def named(shape: Shape, flat: Tensor) -> dict[str, Tensor]:
    """The parts of a flat array under transformers' names."""
    counts = [prod(size) for size in sizes(shape).values()]
    parts = flat.split(counts)
    pairs = zip(sizes(shape).items(), parts, strict=True)
    return {name: part.view(size) for (name, size), part in pairs}


def fill(shape: Shape, flat: Tensor, weights: Mapping[str, Tensor]) -> None:
    """Copy transformers' weights into a flat array."""
    for name, part in named(shape, flat).items():
        own = weights[name]
        if _turning(name):
            own = own.view(-1, 2, shape.head // 2, *own.shape[1:]).transpose(1, 2)
        part.copy_(own.reshape(part.shape))


def unfilled(shape: Shape, flat: Tensor) -> dict[str, Tensor]:
    """The weights of a flat array as transformers has them."""
    found: dict[str, Tensor] = {}
    for name, part in named(shape, flat).items():
        found[name] = part
        if _turning(name):
            halves = part.view(-1, shape.head // 2, 2, *part.shape[1:]).transpose(1, 2)
            found[name] = halves.reshape(part.shape)
    return found


def _turning(name: str) -> bool:
    return "q_proj" in name or "k_proj" in name


def fused(shape: Shape, flat: Tensor, gradients: Tensor) -> Parameters:
    """The parts of a flat array as the forward pass takes them.

    What is foretold from them leaves its gradients, added up, in the other array.
    """
    return _Views(shape, flat, gradients).all()


@dataclass(frozen=True, slots=True)
class _Views:
    shape: Shape
    flat: Tensor
    gradients: Tensor

    def all(self) -> Parameters:
        return Parameters(
            shape=self.shape,
            layers=tuple(map(self._layer, range(self.shape.layers))),
            embedding=self._view("model.embed_tokens.weight"),
            norm=self._view("model.norm.weight"),
        )

    def _layer(self, number: int) -> Layer:
        name = f"model.layers.{number}"
        qkv = [f"{name}.self_attn.{part}_proj" for part in "qkv"]
        return Layer(
            qkv=self._view(*(f"{one}.weight" for one in qkv)),
            output=self._view(f"{name}.self_attn.o_proj.weight"),
            gate_up=self._view(f"{name}.mlp.gate_proj.weight", f"{name}.mlp.up_proj.weight"),
            down=self._view(f"{name}.mlp.down_proj.weight"),
            qkv_bias=self._view(*(f"{one}.bias" for one in qkv)),
            output_bias=self._view(f"{name}.self_attn.o_proj.bias"),
            attention_norm=self._view(f"{name}.input_layernorm.weight"),
            inner_norm=self._view(f"{name}.post_attention_layernorm.weight"),
        )

    def _view(self, *names: str) -> Tensor:
        """Some weights that lie side by side, stacked in their first axis."""
        known = sizes(self.shape)
        order = list(known)
        first = order.index(names[0])
        if tuple(order[first : first + len(names)]) != names:
            raise ValueError(f"these do not lie side by side: {', '.join(names)}")
        begin = sum(prod(known[name]) for name in order[:first])
        size = (sum(known[name][0] for name in names), *known[names[0]][1:])
        view = self.flat[begin : begin + prod(size)].view(size).detach().requires_grad_()
        view.grad = self.gradients[begin : begin + prod(size)].view(size)
        return view
