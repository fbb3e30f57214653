"""Muon for the matrices of the layers, AdamW for all else, both on flat arrays in 32 bits.

Muon as `torch.optim.Muon` with `adjust_lr_fn="match_rms_adamw"` (Jordan et al. 2024; the scale is
that of Liu et al. 2025, arXiv:2502.16982), but matrices of one shape go through the iteration
together, and in 32 bits: a third of the time on a CPU without matrix instructions for 16 bits.
"""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from automem_tiny.training.parameters import Shape, named

MOMENTUM: Final = 0.95
DECAY: Final = 0.05
"""Of the matrices, per step and rate."""
BETAS: Final = (0.9, 0.98)
LONGEST: Final = 1.0
"""A longer gradient is shortened to it."""
_STEPS: Final = 5
_POLYNOMIAL: Final = (3.4445, -4.7750, 2.0315)


@dataclass(slots=True)
class Optimizer:
    """Moves the weights in place."""

    shape: Shape
    weights: Tensor
    momentum: Tensor
    """Of the matrices, which lie first."""
    first: Tensor
    second: Tensor
    """Moments of all else."""

    @classmethod
    def new(cls, shape: Shape, weights: Tensor) -> Optimizer:
        """At rest."""
        count = sum(part.numel() for part in _matrices(shape, weights).values())
        rest = len(weights) - count
        zeros = torch.zeros
        return cls(shape, weights, zeros(count), zeros(rest), zeros(rest))

    def move(self, gradients: Tensor, rate: float, step: int) -> None:
        """One step, counted from 0; the gradients are overwritten."""
        gradients.mul_(min(1.0, LONGEST / (gradients.norm().item() + 1e-6)))
        count = len(self.momentum)
        matrices = gradients[:count]
        self.momentum.lerp_(matrices, 1 - MOMENTUM)
        matrices.lerp_(self.momentum, MOMENTUM)
        self.weights[:count].mul_(1 - rate * DECAY)
        self._muon(gradients, rate)
        self._adam(gradients[count:], rate, step + 1)

    def _muon(self, gradients: Tensor, rate: float) -> None:
        moved = _matrices(self.shape, gradients)
        weights = _matrices(self.shape, self.weights)
        alike: dict[tuple[int, int], list[str]] = {}
        for name, part in moved.items():
            rows, columns = part.shape
            alike.setdefault((min(rows, columns), max(rows, columns)), []).append(name)
        for (short, long), names in alike.items():
            parts = [moved[n] if len(moved[n]) == short else moved[n].T for n in names]
            scale = -rate * 0.2 * math.sqrt(long)
            for name, part in zip(names, _orthogonal(torch.stack(parts)), strict=True):
                own = weights[name]
                own.add_(part if len(own) == short else part.T, alpha=scale)

    def _adam(self, gradients: Tensor, rate: float, count: int) -> None:
        fast, slow = BETAS
        self.first.lerp_(gradients, 1 - fast)
        self.second.mul_(slow).addcmul_(gradients, gradients, value=1 - slow)
        spread = (self.second / (1 - slow**count)).sqrt_().add_(1e-8)
        own = self.weights[len(self.momentum) :]
        own.addcdiv_(self.first, spread, value=-rate / (1 - fast**count))


def _matrices(shape: Shape, flat: Tensor) -> dict[str, Tensor]:
    return {
        name: part
        for name, part in named(shape, flat).items()
        if part.ndim == 2 and "layers" in name
    }


def _orthogonal(stacked: Tensor) -> Tensor:
    """The nearest matrices whose rows are orthogonal, roughly: a Newton-Schulz iteration."""
    a, b, c = _POLYNOMIAL
    lengths = stacked.flatten(1).norm(dim=1).clamp_(min=1e-7)
    one = stacked / lengths[:, None, None]
    for _ in range(_STEPS):
        square = one @ one.mT
        mixed = torch.baddbmm(square, square, square, beta=b, alpha=c)
        one = torch.baddbmm(one, mixed, one, beta=a)
    return one
