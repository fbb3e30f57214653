"""A model of an engine's prefix cache: blocks of tokens, found again by all that stands before.

A token is taken to be `CHARACTERS` characters of the prompt as the engine renders it. A real
tokenizer makes a few more or fewer of them; where two prompts part, and so what share of them is
found again, is the same.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

CHARACTERS = 4
"""Characters to a token."""
BLOCK_TOKENS = 16
"""Tokens to a block, as in vLLM."""


class Found(NamedTuple):
    """What of a prompt was in the cache."""

    tokens: int
    """Prompt tokens."""
    cached: int
    """Those of them that were found; whole blocks, and never all, as the last is computed anew."""
    origin: str
    """What the first block was computed with; empty where nothing was found."""


def rendered(messages: Sequence[Mapping[str, str]]) -> str:
    """A conversation as one text, as a chat template makes it, up to where the answer begins."""
    said = [f"<|im_start|>{each['role']}\n{each['content']}<|im_end|>\n" for each in messages]
    return "".join(said) + "<|im_start|>assistant\n"


def tokens_of(text: str) -> int:
    """How many tokens a text is taken to have."""
    return -(-len(text) // CHARACTERS)


@dataclass(slots=True)
class PrefixCache:
    """Blocks in order of last use; what was used longest ago leaves first."""

    most_blocks: int | None = None
    """None keeps everything."""
    queries: int = 0
    """Prompt tokens looked up."""
    hits: int = 0
    """Those found."""
    _blocks: OrderedDict[bytes, str] = field(default_factory=OrderedDict[bytes, str])

    def __len__(self) -> int:
        return len(self._blocks)

    def find(self, space: str, prompt: str) -> Found:
        """Look a prompt up among what was computed in `space`: a model, an adapter, a salt."""
        found = 0
        origin = ""
        total = tokens_of(prompt)
        chain = self._chain(space, prompt)
        for block in chain[: (total - 1) // BLOCK_TOKENS]:
            if block not in self._blocks:
                break
            origin = origin or self._blocks[block]
            found += 1
        self._use(chain[:found])
        self.queries += total
        self.hits += found * BLOCK_TOKENS
        return Found(tokens=total, cached=found * BLOCK_TOKENS, origin=origin)

    def keep(self, space: str, text: str, origin: str = "") -> None:
        """Keep every whole block of a prompt and its answer; blocks already there stay as is."""
        chain = self._chain(space, text)
        for block in chain:
            self._blocks.setdefault(block, origin)
        self._use(chain)
        while self.most_blocks is not None and len(self._blocks) > self.most_blocks:
            self._blocks.popitem(last=False)

    def _chain(self, space: str, text: str) -> list[bytes]:
        """The name of each whole block: a hash of it and of everything before it."""
        width = BLOCK_TOKENS * CHARACTERS
        name = hashlib.blake2b(space.encode(), digest_size=16).digest()
        chain: list[bytes] = []
        for begin in range(0, len(text) - width + 1, width):
            part = text[begin : begin + width].encode("utf-8", "replace")
            name = hashlib.blake2b(name + part, digest_size=16).digest()
            chain.append(name)
        return chain

    def _use(self, chain: Sequence[bytes]) -> None:
        """The beginning of a prompt leaves after its end, for more prompts share it."""
        for block in reversed(chain):
            if block in self._blocks:
                self._blocks.move_to_end(block)
