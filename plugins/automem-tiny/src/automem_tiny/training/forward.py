"""The network's loss and its gradients, computed on rows: no padding, shared beginnings once.

A batch is a list of distinct tokens in context ("rows"): what several conversations begin with,
such as the system prompt, is one run of rows. All products but those of attention work on rows;
attention gathers the rows of each conversation, a few conversations of like length at a time. The
last layer and the logits are computed only where something is foretold.
"""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from automem_tiny.training.functions import Attention, Norm, SwiGlu, Turn
from automem_tiny.training.parameters import Parameters
from automem_tiny.training.rows import Rows


def foretold(weights: Parameters, rows: Rows) -> Tensor:
    """Logits after each of the rows that are asked."""
    shape, turns = weights.shape, rows.turns(weights.shape)
    places, hidden = rows.places, functional.embedding(rows.tokens, weights.embedding)
    for number, layer in enumerate(weights.layers):
        normed = Norm.apply(hidden, layer.attention_norm, shape.epsilon)
        qkv = Turn.apply(functional.linear(normed, layer.qkv, layer.qkv_bias), turns)
        if number == len(weights.layers) - 1:
            places, hidden = places[rows.asked], hidden[rows.asked]
        found = Attention.apply(qkv, rows.groups, rows.gathered, places.view(-1), shape)
        hidden = hidden + functional.linear(found, layer.output, layer.output_bias)
        normed = Norm.apply(hidden, layer.inner_norm, shape.epsilon)
        inner = SwiGlu.apply(functional.linear(normed, layer.gate_up))
        hidden = hidden + functional.linear(inner, layer.down)
    hidden = Norm.apply(hidden, weights.norm, shape.epsilon)
    return functional.linear(hidden, weights.embedding)


def losses(weights: Parameters, rows: Rows) -> Tensor:
    """The loss of each foretold token."""
    return functional.cross_entropy(foretold(weights, rows), rows.targets, reduction="none")
