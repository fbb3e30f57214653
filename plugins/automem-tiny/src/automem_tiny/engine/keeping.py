"""Keys and values: of the conversations being answered, and of earlier ones, to begin from."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from automem_tiny.engine.adapters import Adapter
from automem_tiny.engine.asking import Tokens
from automem_tiny.engine.shape import Shape
from automem_tiny.engine.weights import Matrix

_PADDING: Final = 16
"""Numbers behind each row of keys: rows that are a power of two apart share places in a cache."""


@dataclass(frozen=True, slots=True)
class KeyValues:
    """Keys and values of one conversation, or of many; a view or a copy."""

    keys: Matrix
    """`[layers, ..., key heads, head size, tokens]`, the way queries are multiplied with them."""
    values: Matrix
    """`[layers, ..., key heads, tokens, head size]`"""

    def first(self, tokens: int) -> KeyValues:
        """Those of the first tokens; a view."""
        return KeyValues(self.keys[..., :tokens], self.values[..., :tokens, :])

    def slot(self, number: int) -> KeyValues:
        """Those of one conversation of many; a view."""
        return KeyValues(self.keys[:, number], self.values[:, number])

    def copy(self) -> KeyValues:
        """With memory of its own."""
        return KeyValues(self.keys.copy(), self.values.copy())


@dataclass(slots=True)
class Arena:
    """Room for so many conversations; memory is taken only as it is filled."""

    context: int
    slots: KeyValues
    lengths: Tokens
    """Tokens of each slot."""

    @classmethod
    def of(cls, shape: Shape, slots: int) -> Arena:
        """An empty one. What lies behind a conversation must be finite, so it begins as zeros."""
        size, context = shape.head_dim, shape.max_position_embeddings
        room = (shape.num_hidden_layers, slots, shape.num_key_value_heads)
        keys = np.zeros((*room, size, context + _PADDING), np.float32)
        values = np.zeros((*room, context, size), np.float32)
        return cls(context, KeyValues(keys, values), np.zeros(slots, np.int64))

    def written(self, slot: int) -> KeyValues:
        """What a slot holds; a view."""
        return self.slots.slot(slot).first(int(self.lengths[slot]))

    def put(self, slot: int, given: KeyValues, tokens: int) -> None:
        """Begin a slot with the first tokens of something kept, or of another slot."""
        room, source = self.slots.slot(slot).first(tokens), given.first(tokens)
        room.keys[:] = source.keys
        room.values[:] = source.values
        self.lengths[slot] = tokens


@dataclass(frozen=True, slots=True, eq=False)
class Prefix:
    """A conversation whose keys and values are there."""

    adapter: Adapter | None
    tokens: Tokens
    values: KeyValues


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

    def keep(self, adapter: Adapter | None, tokens: Tokens, values: KeyValues) -> None:
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

    def _drop(self, number: int) -> None:
        self._held -= len(self._entries.pop(number).tokens)
