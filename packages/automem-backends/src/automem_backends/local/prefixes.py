"""Keys and values of what was computed before, for requests that begin with the same tokens.

A conversation only grows, so the most of a prompt is usually there from its last turn. What is
kept belongs to one version of the weights and one salt: a base model and its adapters compute
different values for the same tokens.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from automem_backends.local.asked import KeyValues, Weights

_WORD = array("i").itemsize


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The keys and values of one sequence of tokens."""

    weights: Weights
    salt: str
    tokens: bytes
    values: KeyValues


def packed(tokens: Sequence[int]) -> bytes:
    """Tokens in a form that is compared at once."""
    return array("i", tokens).tobytes()


def shared(one: bytes, other: bytes) -> int:
    """How many tokens two sequences have in common at their beginnings."""
    low, high = 0, min(len(one), len(other)) // _WORD
    while low < high:
        middle = (low + high + 1) // 2
        # What lies below `low` is known to be equal.
        if one[low * _WORD : middle * _WORD] == other[low * _WORD : middle * _WORD]:
            low = middle
        else:
            high = middle - 1
    return low


@dataclass(slots=True)
class Prefixes:
    """What is kept, least recently used first, within a bound of memory."""

    limit: int
    """Bytes, those of running sequences included."""
    _kept: list[Kept] = field(default_factory=list[Kept], init=False)

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return sum(kept.values.size for kept in self._kept)

    def find(
        self, weights: Weights, salt: str, tokens: Sequence[int], running: Iterable[Kept] = ()
    ) -> tuple[KeyValues | None, int]:
        """Values for the longest beginning of `tokens` there is, and its length.

        The last token is left out, since something has to be computed to choose the next one.
        They are the caller's: taken out where all of them are wanted, copied otherwise.
        """
        best, longest = self._best(weights, salt, tokens, (*running, *self._kept))
        if best is None:
            return None, 0
        if best not in self._kept:
            return best.values.copy(longest), longest
        self._kept.remove(best)
        if longest == best.values.length:
            return best.values, longest
        self._kept.append(best)
        return best.values.copy(longest), longest

    def touch(self, weights: Weights, salt: str, tokens: Sequence[int]) -> int:
        """Let what `find` would give be dropped last; its bytes, where it would be taken out."""
        best, longest = self._best(weights, salt, tokens, self._kept)
        if best is None:
            return 0
        self._kept.remove(best)
        self._kept.append(best)
        return best.values.size if longest == best.values.length else 0

    def _best(
        self, weights: Weights, salt: str, tokens: Sequence[int], among: Iterable[Kept]
    ) -> tuple[Kept | None, int]:
        wanted = packed(tokens[:-1])
        best: Kept | None = None
        longest = 0
        for kept in among:
            if kept.weights is weights and kept.salt == salt:
                length = min(shared(kept.tokens, wanted), kept.values.length)
                if length > longest:
                    best, longest = kept, length
        return best, longest

    def keep(self, kept: Kept) -> None:
        """Keep it as the most recently used."""
        self._kept.append(kept)

    def make_room(self, running: int) -> None:
        """Drop what was not used for longest until `running` bytes fit beside what is left."""
        size = self.size
        while self._kept and size + running > self.limit:
            size -= self._kept.pop(0).values.size

    def forget(self, weights: Weights) -> None:
        """Drop all of one version of the weights."""
        self._kept = [kept for kept in self._kept if kept.weights is not weights]
