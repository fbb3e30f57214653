"""The layers of a model like Llama or Qwen, computed over packed sequences.

transformers reads the weights; its own forward pass is for one batch of equal lengths, and takes
longer for what lies around the products of a small model than for the products.
"""
# torch is in the interpreter of this engine only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import embedding, rms_norm, silu

from automem.errors import ServerError
from automem_backends.local.adapters import Rows
from automem_backends.local.attention import Segment, attend


@dataclass(frozen=True, slots=True)
class Joined:
    """Linear layers with the same input, computed as one."""

    weight: torch.Tensor
    """`[inputs, outputs]`: for few tokens this is the faster way around."""
    bias: torch.Tensor | None
    parts: tuple[tuple[str, int], ...]
    """Names as transformers has them, and sizes."""

    @classmethod
    def of(cls, modules: Sequence[tuple[str, nn.Linear]]) -> Joined:
        """Lay the weights of some layers side by side; theirs are views of the whole then."""
        layers = [layer for _, layer in modules]
        weight = torch.cat([layer.weight.data.t() for layer in layers], 1).contiguous()
        given = [layer.bias for layer in layers]
        bias = torch.cat([one.data for one in given]) if _all_given(given) else None
        sizes = [layer.out_features for layer in layers]
        for layer, part in zip(layers, weight.split(sizes, 1), strict=True):
            layer.weight.data = part.t()
        return cls(weight, bias, tuple((name, layer.out_features) for name, layer in modules))

    def named(self) -> Mapping[str, torch.Tensor]:
        """The weights of each layer, `[outputs, inputs]`."""
        sizes = [size for _, size in self.parts]
        names = [name for name, _ in self.parts]
        return dict(zip(names, self.weight.t().split(sizes), strict=True))

    def __call__(self, inputs: torch.Tensor, rows: Rows) -> torch.Tensor:
        """The products, with what adapters add to their rows."""
        if self.bias is None:
            outputs = torch.mm(inputs, self.weight)
        else:
            outputs = torch.addmm(self.bias, inputs, self.weight)
        begin = 0
        for name, size in self.parts if rows.slices else ():
            rows.add(name, inputs, outputs[:, begin : begin + size])
            begin += size
        return outputs


def _all_given(biases: Sequence[torch.Tensor | None]) -> bool:
    """Whether all layers have a bias; some with and some without cannot be joined."""
    present = [bias is not None for bias in biases]
    if any(present) and not all(present):
        raise ServerError("some of the layers that are joined have a bias, and some have none")
    return all(present)


@dataclass(frozen=True, slots=True)
class Norm:
    """The root-mean-square norm, computed in 32 bits."""

    weight: torch.Tensor
    epsilon: float

    @classmethod
    def of(cls, module: Any) -> Norm:
        """As the module has it."""
        return cls(module.weight.data, module.variance_epsilon)

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        """Over the last dimension."""
        normal = rms_norm(inputs.float(), self.weight.shape, None, self.epsilon)
        return self.weight * normal.to(inputs.dtype)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer."""

    number: int
    before: Norm
    projections: Joined
    query_norm: Norm | None
    key_norm: Norm | None
    heads: int
    key_heads: int
    size: int
    scaling: float
    out: Joined
    between: Norm
    gate_up: Joined
    down: Joined

    @classmethod
    def of(cls, number: int, module: Any) -> Layer:
        """Raises AttributeError where it is of another kind."""
        attention, mlp = module.self_attn, module.mlp
        if not isinstance(mlp.act_fn, nn.SiLU) and type(mlp.act_fn).__name__ != "SiLUActivation":
            raise ServerError(f"its activation is {type(mlp.act_fn).__name__}")
        within = f"model.layers.{number}"

        def joined(parent: str, *names: str) -> Joined:
            owner = getattr(module, parent)
            return Joined.of(
                [(f"{within}.{parent}.{name}", getattr(owner, name)) for name in names]
            )

        size = attention.head_dim
        query_norm, key_norm = (getattr(attention, name, None) for name in ("q_norm", "k_norm"))
        return cls(
            number=number,
            before=Norm.of(module.input_layernorm),
            projections=joined("self_attn", "q_proj", "k_proj", "v_proj"),
            query_norm=None if query_norm is None else Norm.of(query_norm),
            key_norm=None if key_norm is None else Norm.of(key_norm),
            heads=attention.q_proj.out_features // size,
            key_heads=attention.k_proj.out_features // size,
            size=size,
            scaling=attention.scaling,
            out=joined("self_attn", "o_proj"),
            between=Norm.of(module.post_attention_layernorm),
            gate_up=joined("mlp", "gate_proj", "up_proj"),
            down=joined("mlp", "down_proj"),
        )

    def __call__(
        self,
        hidden: torch.Tensor,
        turn: tuple[torch.Tensor, torch.Tensor],
        segments: tuple[Segment, ...],
        rows: Rows,
    ) -> torch.Tensor:
        """`[tokens, size]` to the same."""
        projected = self.projections(self.before(hidden), rows)
        projected = projected.view(len(hidden), -1, self.size)
        turned = self.heads + self.key_heads
        queries_keys = projected[:, :turned]
        if self.query_norm is not None and self.key_norm is not None:
            queries, keys = queries_keys.split((self.heads, self.key_heads), 1)
            queries_keys = torch.cat((self.query_norm(queries), self.key_norm(keys)), 1)
        cosine, sine = turn
        queries_keys = torch.addcmul(
            queries_keys * cosine, queries_keys.roll(self.size // 2, -1), sine
        )
        attended = attend(
            self.number,
            queries_keys[:, : self.heads],
            queries_keys[:, self.heads :],
            projected[:, turned:],
            segments,
            self.scaling,
        )
        hidden = hidden + self.out(attended, rows)
        gate, up = self.gate_up(self.between(hidden), rows).chunk(2, -1)
        return hidden + self.down(silu(gate) * up, rows)


@dataclass(frozen=True, slots=True)
class Decoder:
    """All layers, from tokens to logits."""

    tokens: torch.Tensor
    layers: tuple[Layer, ...]
    norm: Norm
    head: Joined
    cosine: torch.Tensor
    """By position; `[positions, 1, size of a head]`."""
    sine: torch.Tensor
    """The same, with the sign that turning a pair of dimensions needs."""

    @classmethod
    @torch.inference_mode()
    def of(cls, model: Any, context: int) -> Decoder:
        """Take the weights of a model of transformers.

        Raises AttributeError or ServerError where it is of another kind.
        """
        inner = model.model
        # Where the embedding is tied to it, both are views of one tensor from here on.
        head = Joined.of([("lm_head", model.lm_head)])
        like = inner.embed_tokens.weight
        positions = torch.arange(context, device=like.device)[None]
        cosine, sine = inner.rotary_emb(like[:1, None], positions)
        half = sine.shape[-1] // 2
        signed = torch.cat((-sine[..., :half], sine[..., half:]), -1)
        return cls(
            tokens=like.data,
            layers=tuple(Layer.of(number, layer) for number, layer in enumerate(inner.layers)),
            norm=Norm.of(inner.norm),
            head=head,
            cosine=cosine[0, :, None].clone(),
            sine=signed[0, :, None].clone(),
        )

    def adaptable(self) -> Mapping[str, torch.Tensor]:
        """The weights that an adapter may add to, by name."""
        return {
            name: weight
            for layer in self.layers
            for joined in (layer.projections, layer.out, layer.gate_up, layer.down)
            for name, weight in joined.named().items()
        }

    def __call__(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        segments: tuple[Segment, ...],
        rows: Rows,
        wanted: torch.Tensor,
    ) -> torch.Tensor:
        """The logits after the tokens with the numbers `wanted`."""
        hidden = embedding(ids, self.tokens)
        turn = self.cosine[positions], self.sine[positions]
        for layer in self.layers:
            hidden = layer(hidden, turn, segments, rows)
        return self.head(self.norm(hidden[wanted]), Rows()).float()
