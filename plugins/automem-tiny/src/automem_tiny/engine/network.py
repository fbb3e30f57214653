"""The forward pass: tokens of many conversations in, logits of their last ones out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from automem_tiny.engine.adapters import Adapter
from automem_tiny.engine.asking import Tokens
from automem_tiny.engine.attention import Attention, OneEach, Segment, Several
from automem_tiny.engine.keeping import Arena
from automem_tiny.engine.weights import Block, Matrix, Weights

_SMALL: Final = 1_000_000
"""Multiplications up to which OpenBLAS does not rearrange both sides of a product first."""
_FEW: Final = 32
"""Rows from which on that is worth its while."""
_NARROWEST: Final = 32
Rows = NDArray[np.int64] | slice
Adapted = tuple[tuple[Rows, Adapter], ...]
"""Which rows of a step belong to which adapter; those of the base model to none."""


@dataclass(slots=True)
class Network:
    """A model over an arena of keys and values."""

    weights: Weights
    arena: Arena
    _turns: NDArray[np.complex64] = field(init=False)

    def __post_init__(self) -> None:
        shape = self.weights.shape
        half = np.arange(0, shape.head_dim, 2, dtype=np.float64) / shape.head_dim
        angles = np.outer(np.arange(self.arena.context), shape.rope_theta**-half)
        self._turns = np.exp(1j * angles).astype(np.complex64)[:, None, :]

    def read(self, parts: Sequence[tuple[int, Tokens, Adapter | None]]) -> Matrix:
        """Take in new tokens, each part into its slot, behind what is there; the last logits."""
        lengths = self.arena.lengths
        segments: list[Segment] = []
        begin = 0
        for slot, tokens, _ in parts:
            end = begin + len(tokens)
            segments.append(Segment(slot, begin, end, int(lengths[slot])))
            begin = end
        positions = np.concatenate([np.arange(s.past, s.past + s.end - s.begin) for s in segments])
        adapted = tuple(
            (slice(segment.begin, segment.end), adapter)
            for segment, (_, _, adapter) in zip(segments, parts, strict=True)
            if adapter is not None
        )
        tokens = np.concatenate([tokens for _, tokens, _ in parts])
        attention = Several(self.weights.shape, segments)
        logits = self._logits(tokens, positions, attention, adapted)
        for segment in segments:
            lengths[segment.slot] = segment.past + segment.end - segment.begin
        return logits

    def grow(self, tokens: Tokens, adapters: Sequence[Adapter | None]) -> Matrix:
        """Take in one token a slot, for the first `len(tokens)` slots; their logits."""
        count = len(tokens)
        positions = self.arena.lengths[:count].copy()
        attention = OneEach(self.weights.shape, positions)
        logits = self._logits(tokens, positions, attention, _by_adapter(adapters))
        self.arena.lengths[:count] += 1
        return logits

    def _logits(
        self, tokens: Tokens, positions: Tokens, attention: Attention, adapted: Adapted
    ) -> Matrix:
        weights = self.weights
        shape = weights.shape
        turned = shape.query_width + shape.key_width
        inner = shape.intermediate_size
        half = shape.head_dim // 2
        turns = self._turns[positions]
        x = weights.embedding[tokens]
        last = len(weights.layers) - 1
        slots = self.arena.slots
        for number in range(len(weights.layers)):
            qkv = self._product(number, "qkv", self._normal(x), adapted)
            pairs = qkv[:, :turned].view(np.complex64).reshape(len(x), -1, half)
            pairs *= turns
            mixed = attention.mix(qkv, slots.keys[number], slots.values[number])
            if number == last and attention.last is not None:
                # Nothing is asked of the others any more.
                mixed, x = mixed[attention.last], x[attention.last]
                adapted = _only(adapted, attention.last)
            x += self._product(number, "o", mixed, adapted)
            both = self._product(number, "gate_up", self._normal(x), adapted)
            gate, up = both[:, :inner], both[:, inner:]
            up *= gate
            np.exp(gate, out=gate)
            gate += 1.0
            up /= gate
            x += self._product(number, "down", up, adapted)
        return _times(self._normal(x), weights.head)

    def _product(self, number: int, block: Block, inputs: Matrix, adapted: Adapted) -> Matrix:
        layer = self.weights.layers[number]
        out = _times(inputs, layer.matrices[block])
        bias = layer.biases.get(block)
        if bias is not None:
            out += bias
        for rows, adapter in adapted:
            pair = adapter.layers[number].get(block)
            if pair is not None:
                out[rows] += inputs[rows] @ pair.down @ pair.up
        return out

    def _normal(self, x: Matrix) -> Matrix:
        """Without the gains, which are in the matrices behind it."""
        scale = np.vecdot(x, x)
        scale *= 1.0 / x.shape[1]
        scale += self.weights.shape.rms_norm_eps
        np.sqrt(scale, out=scale)
        return x / scale[:, None]


def _times(rows: Matrix, matrix: Matrix) -> Matrix:
    """The product, for some rows in pieces: OpenBLAS has a faster way for small products."""
    count, inputs, outputs = len(rows), *matrix.shape
    if not 1 < count <= _FEW or count * inputs * outputs <= _SMALL:
        return rows @ matrix
    width = max(_NARROWEST, _SMALL // (count * inputs) // _NARROWEST * _NARROWEST)
    out = np.empty((count, outputs), np.float32)
    for start in range(0, outputs, width):
        columns = slice(start, start + width)
        np.matmul(rows, matrix[:, columns], out=out[:, columns])
    return out


def _by_adapter(adapters: Sequence[Adapter | None]) -> Adapted:
    first = adapters[0]
    if all(adapter is first for adapter in adapters):
        return () if first is None else ((slice(None), first),)
    rows: dict[Adapter, list[int]] = {}
    for row, adapter in enumerate(adapters):
        if adapter is not None:
            rows.setdefault(adapter, []).append(row)
    return tuple((np.array(found), adapter) for adapter, found in rows.items())


def _only(adapted: Adapted, last: Tokens) -> Adapted:
    """Where the last rows of segments are, once they are the only ones left."""
    kept: list[tuple[Rows, Adapter]] = []
    for rows, adapter in adapted:
        if isinstance(rows, slice):
            (at,) = np.nonzero((last >= rows.start) & (last < rows.stop))
            kept.append((at, adapter))
    return tuple(kept)
