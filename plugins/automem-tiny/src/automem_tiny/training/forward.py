"""The network's loss and its gradients, computed on rows: no padding, shared beginnings once.

A batch is a list of distinct tokens in context ("rows"): what several conversations begin with,
such as the system prompt, is one run of rows. All products but those of attention work on rows;
attention gathers the rows of each conversation, a few conversations of like length at a time. The
last layer and the logits are computed only where something is foretold.
"""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from automem_tiny.training.parameters import Parameters, Shape


@dataclass(frozen=True, slots=True)
class Group:
    """Conversations of like length that attend together."""

    rows: Tensor
    """`[conversations * length]`: the row of each place; any row behind a conversation's end."""
    count: int
    length: int
    ahead: Tensor
    """Added to the scores: minus infinity where a query would see what comes after it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Conversations as the network takes them."""

    tokens: Tensor
    positions: Tensor
    groups: tuple[Group, ...]
    places: Tensor
    """Of each row, a place of it in the groups, one group behind the other."""
    asked: Tensor
    """The rows after which a token is foretold."""
    targets: Tensor
    """That token."""


def foretold(weights: Parameters, rows: Rows) -> Tensor:
    """Logits after each of the rows that are asked."""
    shape = weights.shape
    turns = _turns(rows.positions, shape)
    places, hidden = rows.places, functional.embedding(rows.tokens, weights.embedding)
    for number, layer in enumerate(weights.layers):
        normed = functional.rms_norm(hidden, (shape.hidden,), layer.attention_norm, shape.epsilon)
        qkv = functional.linear(normed, layer.qkv, layer.qkv_bias)
        if number == len(weights.layers) - 1:
            places, hidden = places[rows.asked], hidden[rows.asked]
        found = _Attention.apply(qkv, turns, rows.groups, places, shape)
        hidden = hidden + functional.linear(found, layer.output, layer.output_bias)
        normed = functional.rms_norm(hidden, (shape.hidden,), layer.inner_norm, shape.epsilon)
        inner = _SwiGlu.apply(functional.linear(normed, layer.gate_up))
        hidden = hidden + functional.linear(inner, layer.down)
    hidden = functional.rms_norm(hidden, (shape.hidden,), weights.norm, shape.epsilon)
    return functional.linear(hidden, weights.embedding)


def _turns(positions: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """Cosine and sine for each number of queries and keys; the first half has minus the sine."""
    powers = torch.arange(0, shape.head, 2) / shape.head
    angles = positions[:, None] / shape.theta**powers
    cosine, sine, times = angles.cos(), angles.sin(), shape.turning // shape.head
    return torch.cat([cosine, cosine] * times, 1), torch.cat([-sine, sine] * times, 1)


def losses(weights: Parameters, rows: Rows) -> Tensor:
    """The loss of each foretold token."""
    return functional.cross_entropy(foretold(weights, rows), rows.targets, reduction="none")


class _SwiGlu(torch.autograd.Function):
    """Without the tensors that autograd would keep on the way."""

    @staticmethod
    def forward(ctx, both):
        gate, up = both.chunk(2, -1)
        ctx.save_for_backward(both)
        return functional.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx, wanted):
        (both,) = ctx.saved_tensors
        gate, up = both.chunk(2, -1)
        share = torch.sigmoid(gate)
        active = share * gate
        grown = torch.empty_like(both)
        torch.mul(wanted, active, out=grown[:, gate.shape[1] :])
        # The slope of SiLU: share * (1 + gate * (1 - share)).
        slope = active.mul_(share).neg_().add_(share).addcmul_(share, gate)
        torch.mul(slope.mul_(up), wanted, out=grown[:, : gate.shape[1]])
        return grown


class _Attention(torch.autograd.Function):
    """Causal attention of groups of conversations; queries that share a key head are folded."""

    @staticmethod
    def forward(ctx, qkv, turns, groups, places, shape):
        turned = _turned(qkv, turns, shape, 1.0)
        kept = []
        found = []
        for group in groups:
            query, key, value = _gathered(turned, group, shape)
            scores = torch.baddbmm(group.ahead, query, key.mT, alpha=shape.head**-0.5)
            shares = torch.softmax(scores, -1, out=scores)
            kept += [query, key, value, shares]
            found.append(_flat(shares @ value, group, shape))
        ctx.save_for_backward(*kept)
        ctx.rest = (turns, groups, places, shape, len(qkv))
        return torch.cat(found).index_select(0, places)

    @staticmethod
    def backward(ctx, wanted):
        turns, groups, places, shape, count = ctx.rest
        total = sum(group.count * group.length for group in groups)
        all_wanted = wanted.new_zeros((total, wanted.shape[1])).index_copy_(0, places, wanted)
        grown = wanted.new_zeros((count, shape.qkv))
        begin = 0
        for number, group in enumerate(groups):
            query, key, value, shares = ctx.saved_tensors[4 * number : 4 * number + 4]
            end = begin + group.count * group.length
            own = _folded(all_wanted[begin:end], group, shape)
            begin = end
            values = shares.mT @ own
            scores = torch._softmax_backward_data(own @ value.mT, shares, -1, torch.float32)
            scores *= shape.head**-0.5
            parts = (scores @ key, scores.mT @ query, values)
            grown.index_add_(0, group.rows, _flat_all(*parts, group, shape))
        return _turned(grown, turns, shape, -1.0), None, None, None, None


def _turned(qkv, turns, shape, sign):
    """Rotary embeddings of queries and keys; with sign -1 back again."""
    cosine, sine = turns
    out = qkv.clone()
    turning = qkv[:, : shape.turning]
    swapped = turning.view(len(qkv), -1, 2, shape.head // 2).flip(2).view(len(qkv), -1)
    out[:, : shape.turning].mul_(cosine).addcmul_(swapped, sine, value=sign)
    return out


def _gathered(turned, group, shape):
    """Queries, keys and values of a group, `[conversation and key head, place, head size]`."""
    own = turned.index_select(0, group.rows)
    split = own.view(group.count, group.length, -1, shape.head).transpose(1, 2)
    query, key, value = split.split((shape.heads, shape.key_heads, shape.key_heads), 1)
    size = group.count * shape.key_heads
    return (
        query.reshape(size, -1, shape.head),
        key.reshape(size, -1, shape.head),
        value.reshape(size, -1, shape.head),
    )


def _folded(rows, group, shape):
    """`[place, heads * size]` as the queries of a group lie."""
    split = rows.view(group.count, group.length, shape.heads, shape.head).transpose(1, 2)
    return split.reshape(group.count * shape.key_heads, -1, shape.head)


def _flat(folded, group, shape):
    """The other way round."""
    split = folded.view(group.count, shape.heads, group.length, shape.head).transpose(1, 2)
    return split.reshape(group.count * group.length, -1)


def _flat_all(query, key, value, group, shape):
    parts = [one.view(group.count, -1, group.length, shape.head) for one in (query, key, value)]
    return torch.cat(parts, 1).transpose(1, 2).reshape(group.count * group.length, -1)
