"""Memory operations: what was asked for and what came of it."""

from __future__ import annotations

from typing import Literal

from automem.records._struct import Record

Kind = Literal["read", "search", "tail", "count", "append", "write", "create", "upsert"]
READING_KINDS: frozenset[Kind] = frozenset({"read", "search", "tail", "count"})
WRITING_KINDS: frozenset[Kind] = frozenset({"append", "write", "create", "upsert"})

Actor = Literal["llm", "code"]
Outcome = Literal["done", "empty", "missing", "duplicate", "refused", "malformed"]
"""done: it did what it says; empty: nothing matched, or the file has no line; missing: no such
file; duplicate: nothing new, so nothing changed (or the file existed); refused: a rule of the
scaffold, a quota or a name outside the folder; malformed: the arguments cannot be understood."""


class Operation(Record):
    """One memory operation as the model wrote it."""

    name: str
    """The name in the scaffold's vocabulary, such as `UPSERT_MAP`."""
    arguments: tuple[str, ...] = ()
    """The texts between the bars, outer white space removed."""


class Edit(Record):
    """How one file's lines changed: at `start`, `removed` lines gave way to `added`."""

    start: int
    removed: int
    added: tuple[str, ...]


class OperationResult(Record):
    """What one operation did, and the text that the model is shown."""

    operation: str
    kind: Kind
    file: str
    """The file it was about; empty where the arguments named none."""
    outcome: Outcome
    text: str
    hits: int = 0
    """Lines found by a search, shown by a read or a tail, counted by a count."""
    bytes_before: int = 0
    bytes_after: int = 0
    edit: Edit | None = None
    """None where nothing changed."""


class FileStatus(Record):
    """One file of the memory folder, as the index shows it."""

    name: str
    lines: int
    bytes: int
    purpose: str = ""
