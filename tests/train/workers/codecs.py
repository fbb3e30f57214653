"""Tokenizers small enough to read: each character is a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automem.records.model import Message

THOUGHT = "<think></think>"


@dataclass(frozen=True, slots=True)
class Letters:
    """Messages are `<role>content|` and a newline."""

    thinks: bool = False
    """The last reply begins with an empty thought, earlier ones have lost it."""
    space_first: bool = False
    """A space is put before every text that is encoded."""

    def encode(self, text: str) -> list[int]:
        return [ord(letter) for letter in (" " if self.space_first else "") + text]

    def spans(self, text: str) -> list[tuple[int, int, int]]:
        found = [(ord(letter), at, at + 1) for at, letter in enumerate(text)]
        return [(32, 0, 0), *found] if self.space_first else found

    def decode(self, tokens: list[int]) -> str:
        text = "".join(map(chr, tokens))
        return text.removeprefix(" ") if self.space_first else text

    def render(self, messages: Sequence[Message], *, answering: bool) -> str:
        text = ""
        for number, message in enumerate(messages):
            is_last = number == len(messages) - 1 and message.role == "assistant"
            thought = THOUGHT if self.thinks and is_last else ""
            text += f"<{message.role}>{thought}{message.content}|\n"
        return text + ("<assistant>" if answering else "")


class Contrary(Letters):
    """Asks for a reply otherwise than it writes one down."""

    def render(self, messages: Sequence[Message], *, answering: bool) -> str:
        return Letters.render(self, messages, answering=False) + ("<bot>" if answering else "")
