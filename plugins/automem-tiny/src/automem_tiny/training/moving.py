"""Conversations somewhere else on the map: coordinates moved together, token by token."""

from __future__ import annotations

from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from automem_tiny.training.lessons import EDGE, Encoder, Kind

_TABLE: Final = np.arange(-EDGE, EDGE + 1)


class Mover:
    """Moves coordinates over the map, token by token."""

    def __init__(self, encoder: Encoder) -> None:
        self._to: dict[bool, NDArray[np.int64]] = {}
        self._value = np.zeros(encoder.size, np.int64)
        self._spaced = np.zeros(encoder.size, np.bool_)
        for before in ("", " "):
            tokens = [encoder.numbers.get((before, int(value)), -1) for value in _TABLE]
            self._to[bool(before)] = np.array(tokens)
        for (before, value), token in encoder.numbers.items():
            self._value[token], self._spaced[token] = value, bool(before)
        # A tokenizer of little text may lack numbers.
        self._whole = all((table >= 0).all() for table in self._to.values())

    def moved(
        self, tokens: NDArray[np.int64], kinds: NDArray[np.uint8], luck: Random
    ) -> NDArray[np.int64]:
        """The conversation somewhere else on the map, as far as the map reaches."""
        found = tokens.copy()
        for axis in (Kind.X, Kind.Y):
            where = np.nonzero(kinds & axis)[0]
            if not len(where) or not self._whole:
                continue
            values = self._value[tokens[where]]
            values = values + luck.randint(-EDGE - int(values.min()), EDGE - int(values.max()))
            spaced = self._spaced[tokens[where]]
            to = np.where(spaced, self._to[True][values + EDGE], self._to[False][values + EDGE])
            found[where] = to
        return found
