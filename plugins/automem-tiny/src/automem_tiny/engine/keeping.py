"""Keys and values: of the conversations being answered, and of earlier ones, to begin from."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from automem_tiny.engine.adapters import Adapter
from automem_tiny.engine.asking import Tokens
from automem_tiny.engine.shape import Shape
from automem_tiny.engine.weights import Matrix


@dataclass(slots=True)
class Arena:
    """Room for so many conversations; memory is taken only as it is filled."""

    context: int
    values: Matrix
    """`[layers, slots, 2 * key heads, tokens, head size]`: keys, and behind them values."""
    lengths: Tokens
    """Tokens of each slot."""

    @classmethod
    def of(cls, shape: Shape, slots: int) -> Arena:
        """An empty one. What lies behind a conversation must be finite, so it begins as zeros."""
        heads, size = shape.num_key_value_heads, shape.head_dim
        context = shape.max_position_embeddings
        room = (shape.num_hidden_layers, slots, 2 * heads, context, size)
        return cls(context, np.zeros(room, np.float32), np.zeros(slots, np.int64))

    def written(self, slot: int) -> Matrix:
        """What a slot holds; a view."""
        return self.values[:, slot, :, : self.lengths[slot]]

    def put(self, slot: int, values: Matrix, tokens: int) -> None:
        """Begin a slot with the first tokens of something kept, or of another slot."""
        self.values[:, slot, :, :tokens] = values[:, :, :tokens]
        self.lengths[slot] = tokens


@dataclass(frozen=True, slots=True, eq=False)
class Prefix:
    """A conversation whose keys and values are there."""

    adapter: Adapter | None
    tokens: Tokens
    values: Matrix


def shared(one: Tokens, other: Tokens) -> int:
    """How many tokens two conversations begin with in common."""
    length = min(len(one), len(other))
    apart = one[:length] != other[:length]
    at = int(apart.argmax()) if length else 0
    return at if length and apart[at] else length


@dataclass(slots=True)
class Kept:
    """Conversations that were answered; those not looked at for longest go first."""

    most_tokens: int
    _entries: OrderedDict[int, Prefix] = field(default_factory=OrderedDict[int, Prefix])
    _held: int = 0
    _made: int = 0

    def best(self, adapter: Adapter | None, tokens: Tokens) -> tuple[Prefix | None, int]:
        """The one that shares the longest beginning, and how long that is."""
        longest, found = 0, None
        for number, entry in self._entries.items():
            if entry.adapter is adapter and (length := shared(entry.tokens, tokens)) > longest:
                longest, found = length, number
        if found is None:
            return None, 0
        self._entries.move_to_end(found)
        return self._entries[found], longest

    def keep(self, adapter: Adapter | None, tokens: Tokens, values: Matrix) -> None:
        """Copy a conversation's; it replaces those that it continues."""
        continued: list[int] = []
        for number, entry in self._entries.items():
            if entry.adapter is adapter:
                length = shared(entry.tokens, tokens)
                if length == len(tokens):
                    return
                if length == len(entry.tokens):
                    continued.append(number)
        for number in continued:
            self._drop(number)
        if len(tokens) > self.most_tokens:
            return
        self._made += 1
        self._entries[self._made] = Prefix(adapter, tokens, values.copy())
        self._held += len(tokens)
        while self._held > self.most_tokens:
            self._drop(next(iter(self._entries)))

    def forget(self, adapter: Adapter) -> None:
        """Drop those of an adapter that is asked no more."""
        for number in [n for n, entry in self._entries.items() if entry.adapter is adapter]:
            self._drop(number)

    def _drop(self, number: int) -> None:
        self._held -= len(self._entries.pop(number).tokens)
