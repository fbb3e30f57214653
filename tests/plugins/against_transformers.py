"""Run by the interpreter with torch: losses and gradients, compared with those of transformers."""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from automem_tiny.training.forward import losses
from automem_tiny.training.network import SIZES, make_network
from automem_tiny.training.parameters import Shape, fill, fused, total, unfilled
from automem_tiny.training.rows import Layout

SHARED = 13


def compare(size: str) -> None:
    """Conversations of unlike length, of which all but one begin with the same."""
    network = make_network(size, 300, 2, 0, 1, {})
    torch.manual_seed(1)
    for weight in network.parameters():
        weight.data += 0.03 * torch.randn(weight.shape)
    luck = np.random.default_rng(1)
    head = luck.integers(1, 300, SHARED)
    talks = [np.concatenate([head, luck.integers(1, 300, 20 + 7 * n)]) for n in range(10)]
    talks[3][:SHARED] = 5
    shape = Shape.of(network.config)
    flat, gradients = torch.zeros(total(shape)), torch.zeros(total(shape))
    fill(shape, flat, network.state_dict())
    layout = Layout(shape)
    for talk in talks:
        layout.add(talk[:-1], SHARED)
    asked = np.concatenate([rows[SHARED:] for rows in layout.rows])
    targets = np.concatenate([talk[SHARED + 1 :] for talk in talks])
    mine = losses(fused(shape, flat, gradients), layout.laid(asked, targets))
    mine.sum().backward()
    theirs = torch.cat([_theirs(network, torch.from_numpy(talk)) for talk in talks])
    theirs.sum().backward()
    torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)
    named = dict(network.named_parameters())
    for name, found in unfilled(shape, gradients).items():
        wanted = named[name].grad
        scale = wanted.abs().max().item()
        torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-4 * scale, msg=name)


def _theirs(network, talk):
    logits = network(input_ids=talk[None, :-1]).logits[0, SHARED:]
    return functional.cross_entropy(logits, talk[SHARED + 1 :], reduction="none")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in SIZES:
        compare(name)
