"""Lessons as tokens: what is learned, how much it counts, and coordinates moved together."""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path
from typing import Any, Final

EDGE: Final = 63
"""As far as the map reaches from where an episode begins."""
_NUMBER: Final = re.compile(r"( ?)(-?\d+)")


class Kind(IntFlag):
    """What a token is."""

    REPLY = 1
    """Of a reply that is learned."""
    NUMBER = 2
    """A whole number."""
    X = 4
    """The first number of a pair of coordinates."""
    Y = 8
    """The second one."""


@dataclass(slots=True)
class Example:
    """One conversation as tokens."""

    tokens: list[int]
    kinds: list[int]
    """Of each token, bits of `Kind`."""
    shared: int
    """So many tokens are the system message."""
    movable: bool
    """Whether each number of its coordinates is one token."""


def read_lessons(paths: list[Path]) -> Iterator[dict[str, Any]]:
    """The lessons of some files."""
    for path in paths:
        with path.open(encoding="utf-8") as stream:
            for line in stream:
                yield json.loads(line)


class Encoder:
    """A tokenizer that remembers the pieces it has met: a field's tokens depend on nothing else."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        data = (folder / "tokenizer.json").read_bytes()
        self.digest = hashlib.sha256(data).digest()
        self._tokenizer = Tokenizer.from_str(data.decode())
        field = json.loads(data)["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]
        self._split = re.compile(f"({field})").split
        self._pieces: dict[str, list[int]] = {}
        self.size: int = self._tokenizer.get_vocab_size()
        self.numbers: dict[tuple[str, int], int] = {}
        """Tokens of whole numbers, by what stands before them and their value."""
        for index in range(self.size):
            found = _NUMBER.fullmatch(self._tokenizer.decode([index], skip_special_tokens=False))
            if found and f"{int(found[2])}" == found[2]:
                self.numbers[found[1], int(found[2])] = index
        self.values = {token: value for (_, value), token in self.numbers.items()}
        self.spaced = {token for (before, _), token in self.numbers.items() if before}
        self.comma = self.token(",")

    def token(self, text: str) -> int:
        """The one token of a text."""
        (found,) = self.slowly(text)
        return found

    def __call__(self, text: str) -> list[int]:
        """The tokens of a text."""
        tokens: list[int] = []
        for piece in self._split(text):
            if piece:
                known = self._pieces.get(piece)
                if known is None:
                    known = self._pieces[piece] = self.slowly(piece)
                tokens += known
        return tokens

    def slowly(self, text: str) -> list[int]:
        """The same by the tokenizer itself."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids


def example(messages: Sequence[dict[str, str]], encoder: Encoder, *, last: bool) -> Example:
    """Tokens and kinds; the rendering is that of the chat template.

    With `last` the final reply alone is learned.
    """
    tokens: list[int] = []
    kinds: list[int] = []
    shared = 0
    for place, message in enumerate(messages, 1):
        role, content = message["role"], message["content"]
        if role == "assistant":
            learned = Kind.REPLY if place == len(messages) or not last else 0
            parts = [("<|im_start|>assistant\n", 0), (f"{content}<|im_end|>", int(learned))]
            parts.append(("\n", 0))
        else:
            parts = [(f"<|im_start|>{role}\n{content}<|im_end|>\n", 0)]
        for text, kind in parts:
            ids = encoder(text)
            tokens += ids
            kinds += [kind] * len(ids)
        if place == 1 and role == "system":
            shared = len(tokens)
    movable = _mark(tokens, kinds, encoder)
    return Example(tokens, kinds, shared, movable)


def _mark(tokens: list[int], kinds: list[int], encoder: Encoder) -> bool:
    """Mark numbers and pairs of them; whether all pairs can be moved."""
    numbers, spaced, comma = encoder.values, encoder.spaced, encoder.comma
    movable = True
    padded = [-1, -1, *tokens, -1, -1]
    for place, token in enumerate(tokens):
        if token in numbers:
            kinds[place] |= Kind.NUMBER
        if token != comma:
            continue
        before, first, _, second, after = padded[place : place + 5]
        if first not in numbers or second not in numbers or second in spaced:
            continue
        # Part of a number of several tokens, or of three numbers in a row.
        longer = first not in spaced and (before in numbers or before == comma)
        longer |= after in numbers and after not in spaced
        if longer or max(abs(numbers[first]), abs(numbers[second])) > EDGE:
            movable = False
            continue
        kinds[place - 1] |= Kind.X
        kinds[place + 1] |= Kind.Y
    return movable
