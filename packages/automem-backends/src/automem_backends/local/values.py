"""Keys and values of one sequence, in buffers that grow."""
# torch is in the interpreter of this engine only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import torch

STEP = 256
"""Tokens by which a buffer grows; growing copies it."""


class TensorValues:
    """One pair of tensors a layer, `[heads, tokens, size of a head]`."""

    __slots__ = ("_capacity", "_layers", "length")

    def __init__(self) -> None:
        self.length = 0
        self._capacity = 0
        self._layers: list[tuple[torch.Tensor, torch.Tensor]] = []

    @property
    def size(self) -> int:
        """Bytes of all buffers."""
        return sum(tensor.nbytes for pair in self._layers for tensor in pair)

    def reserve(self, tokens: int) -> None:
        """Make room for as many in all."""
        if tokens > self._capacity:
            self._resize(-(-tokens // STEP) * STEP)

    def copy(self, tokens: int) -> TensorValues:
        """Another one with the first `tokens` of this one."""
        other = TensorValues()
        other.length = tokens
        other._layers = self._layers
        other._resize(-(-(tokens + 1) // STEP) * STEP)
        return other

    def extend(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append `[heads, new tokens, size]` to one layer; all of the layer then.

        `length` is the caller's to raise, after the last layer. Layers come in order the first
        time, which is when their sizes are learned.
        """
        if layer == len(self._layers):
            shape = (keys.shape[0], self._capacity, keys.shape[2])
            self._layers.append((keys.new_empty(shape), values.new_empty(shape)))
        all_keys, all_values = self._layers[layer]
        end = self.length + keys.shape[1]
        all_keys[:, self.length : end] = keys
        all_values[:, self.length : end] = values
        return all_keys[:, :end], all_values[:, :end]

    @torch.inference_mode()
    def _resize(self, capacity: int) -> None:
        self._layers = [
            (self._grown(keys, capacity), self._grown(values, capacity))
            for keys, values in self._layers
        ]
        self._capacity = capacity

    def _grown(self, tensor: torch.Tensor, capacity: int) -> torch.Tensor:
        grown = tensor.new_empty((tensor.shape[0], capacity, tensor.shape[2]))
        grown[:, : self.length] = tensor[:, : self.length]
        return grown
