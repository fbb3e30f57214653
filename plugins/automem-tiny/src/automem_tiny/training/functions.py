"""Parts of the forward pass with gradients of their own, which take fewer passes over memory."""
# pyright: basic, reportMissingImports=false
# ruff: noqa: D102 - what forward and backward are is said by torch

from __future__ import annotations

import torch

_Function = torch.autograd.Function
_spread = torch.ops.aten.embedding_dense_backward


class Norm(_Function):
    """The root of the mean square made one, times a gain."""

    @staticmethod
    def forward(ctx, hidden, gain, epsilon):
        length = torch.linalg.vector_norm(hidden, dim=1, keepdim=True)
        scale = length.square_().div_(hidden.shape[1]).add_(epsilon).rsqrt_()
        normed = hidden * scale
        ctx.save_for_backward(normed, scale, gain)
        return normed * gain

    @staticmethod
    def backward(ctx, wanted):
        normed, scale, gain = ctx.saved_tensors
        both = wanted * normed
        along = (both @ gain).div_(-len(gain))
        grown = (wanted * gain).addcmul_(normed, along[:, None]).mul_(scale)
        return grown, both.sum(0), None


class SwiGlu(_Function):
    """SiLU of the gate times up; both lie side by side."""

    @staticmethod
    def forward(ctx, both):
        gate, up = both.chunk(2, -1)
        active = torch.nn.functional.silu(gate)
        ctx.save_for_backward(both, active)
        return active * up

    @staticmethod
    def backward(ctx, wanted):
        both, active = ctx.saved_tensors
        gate, up = both.chunk(2, -1)
        grown = torch.empty_like(both)
        to_gate, to_up = grown.chunk(2, -1)
        torch.mul(wanted, active, out=to_up)
        torch.ops.aten.silu_backward.grad_input(wanted * up, gate, grad_input=to_gate)
        return grown


class Turn(_Function):
    """Rotary embeddings of queries and keys, in place: one product of complex numbers."""

    @staticmethod
    def forward(ctx, qkv, turns):
        ctx.mark_dirty(qkv)
        ctx.turns = turns
        return _turn(qkv, turns)

    @staticmethod
    def backward(ctx, wanted):
        return _turn(wanted.clone(), ctx.turns.conj_physical()), None


def _turn(qkv, turns):
    count, width = turns.shape
    torch.view_as_complex(qkv[:, : 2 * width].view(count, width, 2)).mul_(turns)
    return qkv


class Attention(_Function):
    """Causal attention of groups of conversations; queries that share a key head are folded.

    Heads of rows are gathered in the order in which they are multiplied, see `rows.Group`.
    """

    @staticmethod
    def forward(ctx, qkv, groups, gathered, places, shape):
        heads = qkv.view(-1, shape.head)
        whole = heads.index_select(0, gathered)
        found = whole.new_empty(sum(group.queries for group in groups), shape.head)
        kept = []
        for group in groups:
            query, key, value = group.split(whole, shape.head)
            scores = torch.baddbmm(group.ahead, query, key.mT, alpha=shape.head**-0.5)
            shares = torch.softmax(scores, -1, out=scores)
            torch.bmm(shares, value, out=group.own(found, shape.head))
            kept.append(shares)
        ctx.save_for_backward(whole, *kept)
        ctx.rest = (groups, gathered, places, shape, len(heads))
        return found.index_select(0, places).view(-1, shape.hidden)

    @staticmethod
    def backward(ctx, wanted):
        groups, gathered, places, shape, count = ctx.rest
        whole, *kept = ctx.saved_tensors
        asked = wanted.new_zeros(sum(group.queries for group in groups), shape.head)
        asked.index_copy_(0, places, wanted.reshape(-1, shape.head))
        grown = torch.empty_like(whole)
        for group, shares in zip(groups, kept, strict=True):
            query, key, value = group.split(whole, shape.head)
            to_query, to_key, to_value = group.split(grown, shape.head)
            own = group.own(asked, shape.head)
            torch.bmm(shares.mT, own, out=to_value)
            scores = torch._softmax_backward_data(own @ value.mT, shares, -1, torch.float32)
            scores.mul_(shape.head**-0.5)
            torch.bmm(scores, key, out=to_query)
            torch.bmm(scores.mT, query, out=to_key)
        heads = _spread(grown, gathered, count, -1, False)  # noqa: FBT003 - no other form
        return heads.view(-1, shape.qkv), None, None, None, None
