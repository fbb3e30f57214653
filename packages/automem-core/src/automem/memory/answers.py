"""What an operation came to, before and after a scaffold's own wording is put on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from automem.memory.store import MemoryStore
from automem.memory.usage import usage
from automem.records.memory import Actor, Edit, Outcome
from automem.records.scaffold import OperationRule, OperationTexts

QUOTED = 80
"""Characters of a model's own words that an answer repeats."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(slots=True)
class Call:
    """One operation whose file and arguments are understood."""

    store: MemoryStore
    rule: OperationRule
    file: str
    """`*` for every file."""
    arguments: tuple[str, ...]
    """Those after the file."""
    actor: Actor = "llm"

    @property
    def lines(self) -> Sequence[str] | None:
        """The lines of the file; None if it is missing."""
        return self.store.lines(self.file)


@dataclass(slots=True)
class Answer:
    """What came of an operation."""

    outcome: Outcome
    text: str
    hits: int = 0
    edit: Edit | None = None
    query: str = ""
    key: str = ""


def malformed(store: MemoryStore, rule: OperationRule, reason: str) -> Answer:
    """Arguments that cannot be understood, and how they are to be written."""
    key = store.rule(rule.file).key if rule.file is not None else None
    return Answer("malformed", f"{reason} Write {usage(rule, key)}")


def quoted(text: str) -> str:
    """A model's own words in quotes, not repeated at length."""
    return f'"{text}"' if len(text) <= QUOTED else f'"{text[:QUOTED]}..."'


def counted(number: int, noun: str = "line") -> str:
    """`1 line`, `2 lines`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def fill(template: str, values: dict[str, str]) -> str:
    """Replace {names}; one that is not known stays as it is.

    Not `str.format`: a template comes from a model, and must not reach into objects or make
    gigabytes of padding.
    """
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)


def worded(call_texts: OperationTexts, answer: Answer, file: str, lines: int) -> str:
    """The answer in the scaffold's own words where it has some."""
    template: str | None = getattr(call_texts, answer.outcome)
    if template is None:
        return answer.text
    return fill(
        template,
        {
            "file": file,
            "lines": str(lines),
            "hits": str(answer.hits),
            "query": answer.query,
            "key": answer.key,
            "result": answer.text,
        },
    )


def cut(text: str, most_bytes: int) -> str:
    """The text within so many bytes of UTF-8, a mark at its end where something is missing."""
    if len(text) * 4 <= most_bytes:
        return text
    data = text.encode()
    if len(data) <= most_bytes:
        return text
    mark = " (cut)"
    return data[: max(0, most_bytes - len(mark))].decode(errors="ignore") + mark


def fitting(lines: Sequence[str], most_bytes: int, *, last: bool = False) -> list[str]:
    """The first lines, or the last, that fit; at least one, itself cut if it is too long."""
    if sum([len(line) for line in lines]) * 4 + len(lines) <= most_bytes:
        return list(lines)
    kept: list[str] = []
    left = most_bytes
    for line in reversed(lines) if last else lines:
        left -= len(line.encode()) + 1
        if left < 0:
            break
        kept.append(line)
    if not kept and lines:
        kept.append(cut(lines[-1 if last else 0], most_bytes))
    return kept[::-1] if last else kept


def room(most_bytes: int) -> int:
    """How much of an answer may be lines of a file; the rest is for what is said about them."""
    return max(most_bytes // 2, most_bytes - 512)
