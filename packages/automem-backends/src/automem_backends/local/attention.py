"""Attention of many sequences at once, each to its own keys and values, without any padding.

All tokens of a step lie one after the other. Everything but attention treats tokens alone, so only
attention has to know where a sequence begins.
"""
# torch is in the interpreter of this engine only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import scaled_dot_product_attention

from automem_backends.local.values import TensorValues


@dataclass(slots=True)
class Segment:
    """The new tokens of one sequence in a step."""

    values: TensorValues
    begin: int
    end: int
    mask: torch.Tensor | None
    """For a piece of a prompt that follows others."""

    @classmethod
    def of(cls, values: TensorValues, begin: int, count: int, device: torch.device) -> Segment:
        """Make room for `count` tokens, and the mask they need."""
        after = values.length + count
        values.reserve(after)
        mask = None
        if count > 1 and values.length:
            mask = torch.ones(count, after, dtype=torch.bool, device=device).tril(values.length)
        return cls(values, begin, begin + count, mask)


def attend(
    layer: int,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    segments: tuple[Segment, ...],
    scaling: float,
) -> torch.Tensor:
    """From `[tokens, heads, size]` each to `[tokens, heads * size]`; keys are kept on the way."""
    tokens, heads, size = query.shape
    attended = query.new_empty((tokens, heads * size))
    for segment in segments:
        rows = slice(segment.begin, segment.end)
        keys, values = segment.values.extend(
            layer, key[rows].transpose(0, 1), value[rows].transpose(0, 1)
        )
        if segment.end - segment.begin == 1:
            # Heads that share keys become further queries, which saves repeating the keys.
            grouped = query[rows].view(1, keys.shape[0], -1, size)
            found = scaled_dot_product_attention(grouped, keys[None], values[None], scale=scaling)
            attended[rows] = found.view(1, -1)
        else:
            found = scaled_dot_product_attention(
                query[rows].transpose(0, 1)[None],
                keys[None],
                values[None],
                attn_mask=segment.mask,
                is_causal=segment.mask is None,
                scale=scaling,
                enable_gqa=True,
            )
            attended[rows] = found[0].transpose(0, 1).reshape(-1, heads * size)
    return attended
