"""Finds lines that a file says already, in the same or nearly the same words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from automem.memory.contents import folded

ALIKE_TENTHS = 9
"""From 0.9 on, the Jaccard index of their three-character pieces makes two lines the same."""
_PIECE = 3


class Repeats:
    """The lines of one file in folded form: without case, extra spaces and a leading `Step N`.

    Two lines can only be alike if they share one of the first few of their pieces in any fixed
    order, so only those are looked up. In the order chosen, pieces with digits come first: in
    templated notes they are what tells lines apart.
    """

    __slots__ = ("_forms", "_postings")

    def __init__(self, lines: Iterable[str]) -> None:
        self._forms: Counter[str] = Counter()
        self._postings: dict[str, dict[str, frozenset[str]]] = {}
        """Piece -> the forms it is a leading piece of, and all their pieces."""
        self.add(lines)

    def add(self, lines: Iterable[str]) -> None:
        """These lines are in the file from now on."""
        for line in lines:
            form = folded(line)
            self._forms[form] += 1
            if self._forms[form] == 1 and form:
                pieces = _pieces(form)
                for piece in _leading(pieces):
                    self._postings.setdefault(piece, {})[form] = pieces

    def remove(self, lines: Iterable[str]) -> None:
        """These lines are no longer in the file."""
        for line in lines:
            form = folded(line)
            self._forms[form] -= 1
            if self._forms[form] <= 0:
                del self._forms[form]
                for piece in _leading(_pieces(form)) if form else ():
                    self._postings[piece].pop(form, None)

    def has(self, line: str) -> bool:
        """Whether the file says this already. A blank line says nothing."""
        form = folded(line)
        return not form or form in self._forms or self._has_alike(form)

    def _has_alike(self, form: str) -> bool:
        pieces = _pieces(form)
        least, most = ALIKE_TENTHS * len(pieces), 10 * len(pieces)
        seen: set[str] = set()
        for piece in _leading(pieces):
            for other, theirs in self._postings.get(piece, {}).items():
                size = len(theirs)
                if other in seen or 10 * size < least or ALIKE_TENTHS * size > most:
                    continue
                seen.add(other)
                both = len(pieces & theirs)
                if 10 * both >= ALIKE_TENTHS * (len(pieces) + size - both):
                    return True
        return False


def _pieces(form: str) -> frozenset[str]:
    if len(form) <= _PIECE:
        return frozenset((form,))
    return frozenset([form[place : place + _PIECE] for place in range(len(form) - _PIECE + 1)])


def _leading(pieces: frozenset[str]) -> list[str]:
    """So many of the pieces, in a fixed order, that one alike shares at least one of them."""
    shared = -(-ALIKE_TENTHS * len(pieces) // 10)
    return sorted(pieces, key=_rank)[: len(pieces) - shared + 1]


def _rank(piece: str) -> tuple[bool, str]:
    return not any(character.isdecimal() for character in piece), piece
