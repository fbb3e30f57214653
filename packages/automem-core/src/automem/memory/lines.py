"""A file's text as lines: one newline, no NUL, nothing that UTF-8 cannot hold."""

from __future__ import annotations

from collections.abc import Iterable


def clean(text: str) -> str:
    r"""The text as it is stored: newlines are \\n, NUL is gone, lone surrogates are replaced."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.isascii():
        # Pairs of surrogates, as some tokenizers give them, become the character they mean.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def to_lines(text: str) -> list[str]:
    r"""Cleaned lines, split at \\n alone; a final newline does not make another line."""
    lines = clean(text).split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def to_text(lines: Iterable[str]) -> str:
    """The text of a file: every line ends in a newline."""
    return "".join([f"{line}\n" for line in lines])


def size(lines: Iterable[str]) -> int:
    """Bytes of the file in UTF-8."""
    text = to_text(lines)
    return len(text) if text.isascii() else len(text.encode())
