"""Finds lines that a file says already, in the same or nearly the same words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from automem.memory.contents import folded

ALIKE_TENTHS = 9
"""From 0.9 on, the Jaccard index of their three-character pieces makes two lines the same."""
_PIECE = 3
_BITS = 256
_FEW_FORMS = 64


@dataclass(slots=True)
class _Form:
    """A folded line."""

    text: str
    pieces: frozenset[str]
    bits: int
    """A bit for each piece, several of them sharing one: a bit that only one of two lines has
    is a piece that only it has."""
    leading: list[str] = field(default_factory=list[str])
    """So many of the pieces, in order, that two lines alike share at least one of them."""
    times: int = 0


class Repeats:
    """The lines of one file in folded form: without case, extra spaces and a leading `Step N`.

    Of two lines that are alike, in any fixed order of pieces, one of the first tenth of the
    pieces of the one is among the first tenth of the other (prefix filtering, as in similarity
    joins). Rare pieces come first, and are counted anew whenever the file has grown by half, so
    that few lines have to be compared: notes are templates that differ in a number.
    """

    __slots__ = ("_added", "_forms", "_postings", "_rank")

    def __init__(self, lines: Iterable[str]) -> None:
        self._forms: dict[str, _Form] = {}
        self._rank: dict[str, int] = {}
        """Piece -> its place in the order."""
        self._postings: dict[str, set[str]] = {}
        """Piece -> the forms it is a leading piece of."""
        self._added = 0
        self.add(lines)

    def add(self, lines: Iterable[str]) -> bool:
        """These lines are in the file from now on; whether it said all of them already.

        A blank line says nothing.
        """
        texts = [text for text in map(folded, lines) if text]
        new = {text: self._form(text) for text in texts if text not in self._forms}
        said = all([self._has_alike(form) for form in new.values()])
        for text in texts:
            form = self._forms.get(text)
            if form is None:
                form = self._forms[text] = new[text]
                self._index(form)
                self._added += 1
            form.times += 1
        if self._added > max(_FEW_FORMS, len(self._forms) // 2):
            self._order_anew()
        return said

    def remove(self, lines: Iterable[str]) -> None:
        """These lines are no longer in the file."""
        for text in map(folded, lines):
            form = self._forms.get(text)
            if form is not None:
                form.times -= 1
                if not form.times:
                    for piece in form.leading:
                        self._postings[piece].discard(text)
                    del self._forms[text]

    def _has_alike(self, form: _Form) -> bool:
        found: set[str] = set()
        for piece in form.leading:
            found.update(self._postings.get(piece, ()))
        size, bits, pieces = len(form.pieces), form.bits, form.pieces
        for text in found:
            other = self._forms[text]
            total = size + len(other.pieces)
            # Of two lines that are alike, at most a nineteenth of all pieces is not shared.
            if (10 + ALIKE_TENTHS) * (bits ^ other.bits).bit_count() > total:
                continue
            both = len(pieces & other.pieces)
            if 10 * both >= ALIKE_TENTHS * (total - both):
                return True
        return False

    def _form(self, text: str) -> _Form:
        places = range(max(1, len(text) - _PIECE + 1))
        pieces = frozenset([text[place : place + _PIECE] for place in places])
        bits = sum([1 << place for place in {code % _BITS for code in map(hash, pieces)}])
        return _Form(text, pieces, bits, leading=self._leading(pieces))

    def _index(self, form: _Form) -> None:
        for piece in form.leading:
            self._postings.setdefault(piece, set()).add(form.text)

    def _order_anew(self) -> None:
        times = Counter[str]()
        for form in self._forms.values():
            times.update(form.pieces)
        ordered = sorted(times, key=lambda piece: (times[piece], piece))
        self._rank = {piece: rank for rank, piece in enumerate(ordered)}
        self._postings = {}
        self._added = 0
        for form in self._forms.values():
            form.leading = self._leading(form.pieces)
            self._index(form)

    def _leading(self, pieces: frozenset[str]) -> list[str]:
        rank = self._rank
        for piece in pieces.difference(rank):
            # Met since the order was made, so rarer than all others; and never moved until then.
            rank[piece] = -len(rank)
        shared = -(-ALIKE_TENTHS * len(pieces) // 10)
        return sorted(pieces, key=rank.__getitem__)[: len(pieces) - shared + 1]
