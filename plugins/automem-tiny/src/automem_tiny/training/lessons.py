"""Lessons as tokens: what is learned, how much it counts, and coordinates moved together."""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

PROMPT_WEIGHT: Final = 0.1
"""What a token of a prompt counts: enough to learn the language of the game from it."""
NUMBER_WEIGHT: Final = 3.0
"""What a token of a coordinate counts in a reply: copying has to be exact."""
EDGE: Final = 63
_PAIR = re.compile(r"(?<![\d-])(-?\d+),(-?\d+)")
_NUMBER = re.compile(r"-?\d+")


@dataclass(slots=True)
class Example:
    """One conversation as tokens."""

    tokens: list[int]
    weights: list[float]
    """Of each token as something to be foretold."""


def read_lessons(paths: list[Path]) -> Iterator[dict[str, Any]]:
    """The lessons of some files."""
    for path in paths:
        with path.open(encoding="utf-8") as stream:
            for line in stream:
                yield json.loads(line)


def shifted(messages: list[dict[str, str]], luck: Random) -> list[dict[str, str]]:
    """The conversation somewhere else on the map, as far as the map reaches."""
    pairs = [pair for m in messages for pair in _PAIR.findall(m["content"])]
    if not pairs:
        return messages
    moves: list[int] = []
    for axis in (0, 1):
        values = [int(pair[axis]) for pair in pairs]
        low, high = -EDGE - min(values), EDGE - max(values)
        moves.append(luck.randint(min(low, high), max(low, high)))

    def moved(found: re.Match[str]) -> str:
        return f"{int(found[1]) + moves[0]},{int(found[2]) + moves[1]}"

    return [{**m, "content": _PAIR.sub(moved, m["content"])} for m in messages]


def example(messages: list[dict[str, str]], tokenizer: Any, *, last: bool = False) -> Example:
    """Tokens and weights; the rendering is that of the chat template.

    With `last` the final reply alone is learned.
    """
    texts: list[str] = []
    learned: list[bool] = []
    for place, message in enumerate(messages, 1):
        if message["role"] == "assistant":
            texts += ["<|im_start|>assistant\n", f"{message['content']}<|im_end|>", "\n"]
            learned += [False, place == len(messages) or not last, False]
        else:
            texts.append(f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n")
            learned.append(False)
    tokens: list[int] = []
    weights: list[float] = []
    for text, is_learned in zip(texts, learned, strict=True):
        ids = tokenizer(text)
        tokens += ids
        if is_learned:
            weights += [NUMBER_WEIGHT if tokenizer.is_number(token) else 1.0 for token in ids]
        else:
            weights += [PROMPT_WEIGHT] * len(ids)
    return Example(tokens, weights)


class Encoder:
    """A tokenizer that remembers texts it has met."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        size = self._tokenizer.get_vocab_size()
        self._numbers = {
            index
            for index in range(size)
            if _NUMBER.fullmatch(self._tokenizer.decode([index], skip_special_tokens=False).strip())
        }
        self.size = size

    def __call__(self, text: str) -> list[int]:
        """The tokens of a text."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def is_number(self, token: int) -> bool:
        """Whether a token is a whole number."""
        return token in self._numbers
