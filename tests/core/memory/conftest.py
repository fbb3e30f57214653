"""A memory with every kind of operation, driven by text as a model would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from automem.memory.grammar import parse
from automem.memory.operations import execute
from automem.memory.store import MemoryStore
from automem.records.memory import OperationResult
from automem.records.scaffold import (
    FileRule,
    KeyRule,
    Manifest,
    OperationRule,
    Retention,
    ScaffoldLimits,
)

OPERATIONS = (
    OperationRule(name="READ", kind="read"),
    OperationRule(name="SEARCH", kind="search"),
    OperationRule(name="TAIL", kind="tail"),
    OperationRule(name="COUNT", kind="count"),
    OperationRule(name="APPEND", kind="append"),
    OperationRule(name="WRITE", kind="write"),
    OperationRule(name="CREATE", kind="create"),
    OperationRule(name="UPSERT", kind="upsert"),
    OperationRule(name="UPSERT_MAP", kind="upsert", file="map.txt"),
    OperationRule(name="SEARCH_MAP", kind="search", file="map.txt"),
    OperationRule(name="READ_MAP", kind="read", file="map.txt"),
    OperationRule(name="NOTE", kind="append", file="notes.txt"),
)
MANIFEST = Manifest(
    name="test",
    files={
        "notes.txt": FileRule(purpose="Notes."),
        "map.txt": FileRule(key=KeyRule(shape="x,y", pattern=r"-?\d+,-?\d+")),
        "log.txt": FileRule(
            modes=("append",), retention=Retention(max_lines=5, keep_last=2, pinned=1)
        ),
        "exact.txt": FileRule(dedupe="exact"),
        "near.txt": FileRule(dedupe="near"),
    },
    operation=OPERATIONS,
)


@dataclass
class Memory:
    """A store that is told what a model wrote."""

    store: MemoryStore
    vocabulary: Mapping[str, OperationRule]

    def say(self, text: str) -> OperationResult:
        """Execute the one operation in the text."""
        reply = parse(text, self.vocabulary)
        assert reply.broken == ()
        (operation,) = reply.operations
        return execute(self.store, self.vocabulary[operation.name], operation)


@pytest.fixture
def manifest() -> Manifest:
    return MANIFEST


@pytest.fixture
def vocabulary() -> dict[str, OperationRule]:
    return {rule.name: rule for rule in OPERATIONS}


@pytest.fixture
def memory() -> Callable[..., Memory]:
    def make(
        files: Mapping[str, str] | None = None,
        *,
        folder: Path | None = None,
        limits: ScaffoldLimits | None = None,
        rules: Mapping[str, FileRule] | None = None,
        operations: tuple[OperationRule, ...] = OPERATIONS,
        free_files: bool = True,
    ) -> Memory:
        manifest = msgspec.structs.replace(
            MANIFEST,
            limits=limits or MANIFEST.limits,
            files={**MANIFEST.files, **(rules or {})},
            operation=operations,
            free_files=free_files,
        )
        store = MemoryStore(folder, manifest, files or {})
        return Memory(store, {rule.name: rule for rule in operations})

    return make
