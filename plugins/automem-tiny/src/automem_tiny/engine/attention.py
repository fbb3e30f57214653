"""Attention of many conversations at once, each to its own keys and values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from automem_tiny.engine.asking import Tokens
from automem_tiny.engine.shape import Shape
from automem_tiny.engine.weights import Matrix

_ROWS: Final = 64
"""Queries of one prompt that are computed together: their scores stay in the cache."""
_HIDDEN: Final[Matrix] = np.triu(np.full((_ROWS, _ROWS), -np.inf, np.float32), 1)
"""What a query sees of the tokens of its own block: itself and those before it."""


class Attention(Protocol):
    """How the rows of one step attend; made anew for each step."""

    @property
    def last(self) -> Tokens | None:
        """The rows whose logits are wanted; None means all."""
        ...

    def mix(self, qkv: Matrix, keys: Matrix, values: Matrix) -> Matrix:
        """Keep the keys and values of `[rows, q+k+v]`; what the queries find, `[rows, q]`.

        `keys` and `values` are the slots of one layer, as `KeyValues` has them.
        """
        ...


@dataclass(frozen=True, slots=True)
class Segment:
    """The new tokens of one prompt in a step."""

    slot: int
    begin: int
    end: int
    past: int
    """Tokens that were there before."""


class OneEach:
    """One new token for each of the first slots: rows are computed side by side."""

    __slots__ = ("_hidden", "_positions", "_rows", "_shape")

    last: Tokens | None = None

    def __init__(self, shape: Shape, positions: Tokens) -> None:
        self._shape = shape
        self._positions = positions
        self._rows = np.arange(len(positions))
        seen = int(positions.max()) + 1
        self._hidden: Matrix | None = None
        if len(positions) > 1 and positions.min() + 1 < seen:
            behind = np.arange(seen) > positions[:, None]
            self._hidden = np.where(behind, np.float32(-np.inf), np.float32(0))[:, None, None, :]

    def mix(self, qkv: Matrix, keys: Matrix, values: Matrix) -> Matrix:
        """See `Attention.mix`."""
        shape = self._shape
        count, heads, size = len(qkv), shape.num_key_value_heads, shape.head_dim
        seen = int(self._positions.max()) + 1
        fresh = qkv[:, shape.query_width :].reshape(count, 2 * heads, size)
        keys[self._rows, :, :, self._positions] = fresh[:, :heads]
        values[self._rows, :, self._positions] = fresh[:, heads:]
        query = qkv[:, : shape.query_width].reshape(count, heads, shape.group, size)
        scores = query @ keys[:count, ..., :seen]
        if self._hidden is not None:
            scores += self._hidden
        return _found(scores, values[:count, :, :seen]).reshape(count, shape.query_width)


class Several:
    """New tokens of several prompts, one prompt behind the other."""

    __slots__ = ("_segments", "_shape", "last")

    def __init__(self, shape: Shape, segments: Sequence[Segment]) -> None:
        self._shape = shape
        self._segments = segments
        self.last: Tokens | None = np.array([segment.end - 1 for segment in segments])

    def mix(self, qkv: Matrix, keys: Matrix, values: Matrix) -> Matrix:
        """See `Attention.mix`."""
        shape = self._shape
        heads, group, size = shape.num_key_value_heads, shape.group, shape.head_dim
        mixed = np.empty((len(qkv), shape.query_width), np.float32)
        for segment in self._segments:
            rows = qkv[segment.begin : segment.end]
            count, past = len(rows), segment.past
            fresh = rows[:, shape.query_width :].reshape(count, 2, heads, size)
            own_keys, own_values = keys[segment.slot], values[segment.slot]
            own_keys[..., past : past + count] = fresh[:, 0].transpose(1, 2, 0)
            own_values[:, past : past + count] = fresh[:, 1].swapaxes(0, 1)
            query = rows[:, : shape.query_width].reshape(count, heads, group, size)
            out = mixed[segment.begin : segment.end].reshape(count, heads, group, size)
            for first in range(0, count, _ROWS):
                end = min(first + _ROWS, count)
                block, seen = end - first, past + end
                asked = query[first:end].transpose(1, 2, 0, 3).reshape(heads, group * block, size)
                scores = asked @ own_keys[..., :seen]
                within = scores.reshape(heads, group, block, seen)[..., past + first :]
                within += _HIDDEN[:block, :block]
                found = _found(scores, own_values[:, :seen])
                out[first:end] = found.reshape(heads, group, block, size).transpose(2, 0, 1, 3)
        return mixed


def _found(scores: Matrix, values: Matrix) -> Matrix:
    """The values, weighed by the softmax of scores, which are overwritten."""
    scores -= np.maximum.reduce(scores, axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    found = scores @ values
    found /= np.add.reduce(scores, axis=-1, keepdims=True)
    return found
