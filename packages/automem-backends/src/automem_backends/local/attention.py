"""Attention of many sequences at once, each to its own keys and values, without any padding.

All tokens of a step lie one after the other in one row. Everything but attention treats tokens
alone, so only attention has to know where a sequence begins.
"""
# torch is in the interpreter of this engine only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from automem_backends.local.values import TensorValues

NAME = "automem_packed"


@dataclass(slots=True)
class Segment:
    """The new tokens of one sequence in a step."""

    values: TensorValues
    count: int
    mask: torch.Tensor | None = None
    """For a piece of a prompt that follows others."""

    @classmethod
    def of(cls, values: TensorValues, count: int, device: torch.device) -> Segment:
        """Make room for `count` tokens, and the mask they need."""
        end = values.length + count
        values.reserve(end)
        mask = None
        if count > 1 and values.length:
            mask = torch.ones(count, end, dtype=torch.bool, device=device).tril(values.length)
        return cls(values, count, mask)


def register() -> None:
    """Make it known to transformers, by NAME."""
    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, _no_mask)


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _mask: torch.Tensor | None,
    *,
    segments: tuple[Segment, ...],
    scaling: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """What transformers calls in each layer; `segments` is handed to the model by its caller."""
    attended = torch.empty_like(query)
    begin = 0
    for segment in segments:
        end = begin + segment.count
        keys, values = segment.values.extend(
            module.layer_idx, key[:, :, begin:end], value[:, :, begin:end]
        )
        attended[:, :, begin:end] = _one(query[:, :, begin:end], keys, values, segment, scaling)
        begin = end
    return attended.transpose(1, 2), None


def _one(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    segment: Segment,
    scaling: float | None,
) -> torch.Tensor:
    if segment.count == 1:
        # Heads that share keys become further queries, which saves repeating the keys.
        grouped = query.reshape(1, keys.shape[1], -1, query.shape[3])
        return scaled_dot_product_attention(grouped, keys, values, scale=scaling).view(query.shape)
    return scaled_dot_product_attention(
        query,
        keys,
        values,
        attn_mask=segment.mask,
        is_causal=segment.mask is None,
        scale=scaling,
        enable_gqa=True,
    )


def _no_mask(*_: Any, **__: Any) -> None:
    return None
