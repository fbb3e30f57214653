"""The memory operations a prompt offers, found by their usage lines, and what each can be used for.

Names differ between scaffolds, so what an operation does is told by the words of its name and
help, and by the arguments its usage line shows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Use = Literal["read", "search", "tail", "count", "append", "write", "create", "upsert"]

_LINE = re.compile(r"^- <\|(\w+)\|>([^\n<]*)<\|END\|>(?: - )?([^\n]*)$", re.MULTILINE)
_FILE_NAME = re.compile(r"\b[\w-]+\.(?:txt|md|csv|log)\b")
_WORDS: tuple[tuple[Use, tuple[str, ...]], ...] = (
    ("upsert", ("upsert", "sets what", "in place", "one line for each")),
    ("search", ("search", "find", "grep", "look", "contain", "match")),
    ("tail", ("tail", "last lines", "recent", "end of the file", "latest")),
    ("count", ("count", "how many")),
    ("create", ("create", "new file", "makes a")),
    ("write", ("write", "replace", "overwrite", "rewrite")),
    ("append", ("append", "adds", "add ", "add_", "log", "jot", "note")),
    ("read", ("read", "open", "whole", "show", "cat")),
)


@dataclass(frozen=True, slots=True)
class Offered:
    """One operation as a prompt offers it."""

    name: str
    use: Use
    arguments: tuple[str, ...]
    """Their names in the usage line, the file's included where it is to be given."""
    file: str | None
    """The file it is bound to, where one can be told."""

    @property
    def takes_file(self) -> bool:
        """Whether the first argument names the file."""
        return self.file is None

    def text(self, file: str, *rest: str) -> str:
        """Write the operation down."""
        arguments = rest if not self.takes_file else (file, *rest)
        return f"<|{self.name}|>{'|'.join(arguments)}<|END|>"


@lru_cache(maxsize=64)
def offered(text: str, files: tuple[str, ...]) -> tuple[Offered, ...]:
    """Every operation whose usage line stands in `text`; a bound one finds its file in `files`."""
    return tuple(
        _offer(name, usage, help_text, files) for name, usage, help_text in _LINE.findall(text)
    )


def _offer(name: str, usage: str, help_text: str, files: Sequence[str]) -> Offered:
    arguments = tuple(part.strip() for part in usage.split("|") if part.strip())
    bound = None
    if not arguments or "file" not in arguments[0].lower():
        bound = _bound_file(name, help_text, files)
    return Offered(name, _use(name, help_text, arguments), arguments, bound)


def _use(name: str, help_text: str, arguments: Sequence[str]) -> Use:
    rest = [part for part in arguments if "file" not in part.lower()]
    if len(rest) == 2 and "," in rest[0]:
        return "upsert"
    for source in (name.lower().replace("_", " ") + " ", help_text.lower()):
        for use, words in _WORDS:
            if any(word in source for word in words):
                return use
    return "append" if rest and "text" in rest[-1] else "read"


def _bound_file(name: str, help_text: str, files: Sequence[str]) -> str:
    named = _FILE_NAME.findall(help_text)
    if named:
        return named[0]
    words = set(re.findall(r"[a-z]+", f"{name} {help_text}".lower()))
    for file in files:
        if any(word in words for word in re.findall(r"[a-z]+", file.rsplit(".", 1)[0].lower())):
            return file
    return files[0] if len(files) == 1 else ""
