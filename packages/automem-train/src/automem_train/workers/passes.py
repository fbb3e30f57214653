"""One pass through the network: padded rows in, the summed loss of what they teach out."""
# torch is in interpreters of trainers only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from automem_train.workers.rows import IGNORED, Row


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one pass, padded on the right.

    There is no mask: attention looks back alone, so what is at the end of a row changes nothing
    before it, and is not learned.
    """

    tokens: torch.Tensor
    targets: torch.Tensor
    """What each kept position predicts."""
    kept: torch.Tensor
    """Positions of which any row learns what comes next; only there are logits computed."""


def batch_of(rows: Sequence[Row], spare: Row, padding: int, device: torch.device) -> Batch:
    """Rows as tensors; without any, `spare` takes their place and teaches nothing."""
    shown = rows or [spare]
    longest = max(len(row.tokens) for row in shown)
    tokens = torch.full((len(shown), longest), padding, dtype=torch.long)
    labels = torch.full((len(shown), longest), IGNORED, dtype=torch.long)
    for number, row in enumerate(shown):
        tokens[number, : len(row.tokens)] = torch.tensor(row.tokens)
        if rows:
            labels[number, : len(row.labels)] = torch.tensor(row.labels)
    targets = labels[:, 1:]
    kept = (targets != IGNORED).any(dim=0).nonzero().flatten()
    if not len(kept):
        kept = torch.zeros(1, dtype=torch.long)
    return Batch(tokens.to(device), targets[:, kept].to(device), kept.to(device))


@dataclass(frozen=True, slots=True)
class Network:
    """A model whose loss is wanted."""

    model: Any
    keeps: bool
    """Whether it computes logits only where it is asked to."""

    @classmethod
    def of(cls, model: Any, plain: Any) -> Network:
        """`plain` is the model without what is wrapped around it."""
        return cls(model, "logits_to_keep" in inspect.signature(plain.forward).parameters)

    def loss(self, batch: Batch) -> torch.Tensor:
        """Summed over what is learned, in nats."""
        if self.keeps:
            logits = self.model(
                input_ids=batch.tokens, use_cache=False, logits_to_keep=batch.kept
            ).logits
        else:
            whole = self.model(input_ids=batch.tokens, use_cache=False).logits
            logits = whole[:, batch.kept]
        return cross_entropy(
            logits.flatten(0, 1).float(),
            batch.targets.flatten(),
            ignore_index=IGNORED,
            reduction="sum",
        )
