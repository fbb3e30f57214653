"""How conversations lie in memory for a pass: rows of distinct tokens, and what attends to what."""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from automem_tiny.training.parameters import Shape

Tokens = NDArray[np.int64]
TOGETHER: Final = 4
"""Conversations that attend together: they are of like length."""


@dataclass(frozen=True, slots=True)
class Group:
    """Conversations of like length that attend together.

    Their heads were gathered one kind behind the other: queries as `[key head, conversation,
    query of that key head, place]`, then keys and values as `[key head, conversation, place]`.
    """

    begin: int
    """Where its heads begin among all that were gathered."""
    first_query: int
    """Where its queries begin among those of all groups."""
    products: int
    """Key heads times conversations."""
    length: int
    ahead: Tensor
    """Added to the scores: minus infinity where a query would see what comes after it."""

    @property
    def queries(self) -> int:
        """Heads of its queries."""
        return self.products * len(self.ahead)

    def split(self, gathered: Tensor, head: int) -> tuple[Tensor, Tensor, Tensor]:
        """Its queries, keys and values, `[product, place, head size]`, as views."""
        keys = self.products * self.length
        own = gathered.narrow(0, self.begin, self.queries + 2 * keys)
        query, key, value = own.split((self.queries, keys, keys))
        return (
            query.view(self.products, -1, head),
            key.view(self.products, -1, head),
            value.view(self.products, -1, head),
        )

    def own(self, found: Tensor, head: int) -> Tensor:
        """Its part of what queries find."""
        part = found.narrow(0, self.first_query, self.queries)
        return part.view(self.products, -1, head)


@dataclass(frozen=True, slots=True)
class Rows:
    """Conversations as the network takes them."""

    tokens: Tensor
    positions: Tensor
    groups: tuple[Group, ...]
    gathered: Tensor
    """The heads that all groups take, as numbers of rows times heads plus the head."""
    places: Tensor
    """`[row, query head]`: where among what all queries find."""
    asked: Tensor
    """The rows after which a token is foretold."""
    targets: Tensor
    """That token."""

    def turns(self, shape: Shape) -> Tensor:
        """What queries and keys are multiplied with, as complex numbers."""
        powers = torch.arange(0, shape.head, 2) / shape.head
        angles = self.positions[:, None] / shape.theta**powers
        turns = torch.polar(torch.ones_like(angles), angles)
        return turns.repeat(1, shape.turning // shape.head)


class Layout:
    """Collects conversations, longest or shortest first, and lays their tokens into rows."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._begun: dict[bytes, Tokens] = {}
        self._tokens: list[Tokens] = []
        self._positions: list[Tokens] = []
        self._count = 0
        self.rows: list[Tokens] = []
        """Of each conversation, the rows of its tokens."""

    def add(self, tokens: Tokens, shared: int) -> None:
        """One more conversation; others begin with the same so many tokens, perhaps."""
        key = tokens[:shared].tobytes()
        if key not in self._begun:
            self._begun[key] = self._new(tokens[:shared], 0)
        self.rows.append(np.concatenate([self._begun[key], self._new(tokens[shared:], shared)]))

    def _new(self, tokens: Tokens, position: int) -> Tokens:
        self._tokens.append(tokens)
        self._positions.append(np.arange(position, position + len(tokens)))
        self._count += len(tokens)
        return np.arange(self._count - len(tokens), self._count)

    def laid(self, asked: Tokens, targets: Tokens) -> Rows:
        """All of them, of which some rows are asked."""
        groups: list[Group] = []
        gathered: list[Tokens] = []
        places = np.zeros((self._count, self._shape.heads), np.int64)
        begin = first = 0
        for start in range(0, len(self.rows), TOGETHER):
            part = self.rows[start : start + TOGETHER]
            group = self._group(part, begin, first)
            gathered.append(self._heads(part, group.length))
            self._put(places, part, group)
            groups.append(group)
            begin, first = begin + len(gathered[-1]), first + group.queries
        return Rows(
            tokens=torch.from_numpy(np.concatenate(self._tokens)),
            positions=torch.from_numpy(np.concatenate(self._positions)),
            groups=tuple(groups),
            gathered=torch.from_numpy(np.concatenate(gathered)),
            places=torch.from_numpy(places),
            asked=torch.from_numpy(asked),
            targets=torch.from_numpy(targets),
        )

    def _group(self, part: Sequence[Tokens], begin: int, first: int) -> Group:
        shape, length = self._shape, max(map(len, part))
        ahead = torch.full((length, length), float("-inf")).triu_(1)
        return Group(
            begin=begin,
            first_query=first,
            products=shape.key_heads * len(part),
            length=length,
            ahead=ahead.repeat(shape.heads // shape.key_heads, 1),
        )

    def _heads(self, part: Sequence[Tokens], length: int) -> Tokens:
        """The heads of a group in the order of `Group`."""
        shape = self._shape
        # Behind the end of a conversation any row will do: nobody asks what it finds.
        grid = np.zeros((len(part), length), np.int64)
        for number, own in enumerate(part):
            grid[number, : len(own)] = own
        grid *= shape.qkv // shape.head
        keys = np.arange(shape.key_heads)
        queries = np.arange(shape.heads).reshape(shape.key_heads, 1, -1, 1)
        return np.concatenate(
            [
                (grid[None, :, None] + queries).ravel(),
                (grid[None] + (keys + shape.heads)[:, None, None]).ravel(),
                (grid[None] + (keys + shape.heads + shape.key_heads)[:, None, None]).ravel(),
            ]
        )

    def _put(self, places: Tokens, part: Sequence[Tokens], group: Group) -> None:
        """Say where the group's queries find things; of a shared row, for one conversation."""
        shape = self._shape
        folding = shape.heads // shape.key_heads
        head = np.arange(shape.heads)
        for number, own in enumerate(part):
            begin = (head // folding * len(part) + number) * folding + head % folding
            places[own] = group.first_query + begin * group.length + np.arange(len(own))[:, None]
