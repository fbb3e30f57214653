"""What the rules know of a scaffold and of how it was played; all of it read through the desk."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from automem.records._struct import Record
from automem.records.memory import READING_KINDS, WRITING_KINDS
from automem.records.scaffold import FileRule, Manifest, OperationRule, Phase
from automem.review.memory_use import FileUse, MemoryUse

MANIFEST = "scaffold.toml"
JOURNAL_SHARE = 0.6
"""A file that is written in so many of all steps is a journal, whatever it is called."""


class Evidence(Record):
    """The incumbent, and counts over its episodes."""

    content: dict[str, str]
    """Its files: name -> text."""
    manifest: Manifest
    use: MemoryUse
    measures: dict[str, float | None]
    samples: dict[str, str]
    """Memory file -> its text at the end of one episode."""

    @property
    def steps(self) -> int:
        """Steps of all episodes, at least 1."""
        return max(1, self.use.steps)

    @property
    def unrecalled(self) -> float:
        """The share of steps whose PLAN looked nothing up."""
        return max(0.0, 1 - self.use.recalled_steps / self.steps)

    def measure(self, name: str) -> float:
        """A measure of behavior; 0 where it has no value."""
        return self.measures.get(name) or 0.0

    def files(self) -> list[tuple[FileUse, FileRule]]:
        """The files of the manifest that were there, with their rules, most written first."""
        rules = self.manifest.files
        found = [(use, rules[use.file]) for use in self.use.files if use.file in rules]
        return sorted(found, key=lambda pair: -pair[0].writes)

    def is_journal(self, use: FileUse) -> bool:
        """Whether it gets a line in most steps."""
        return use.writes / self.steps >= JOURNAL_SHARE

    def recalls(self, file: str) -> int:
        """How often PLAN looked into a file by itself."""
        return sum(
            one.times
            for one in self.use.operations
            if one.file == file and one.phase == "plan" and one.actor == "llm"
        )

    def offered(self, phase: Phase, *, writing: bool) -> list[OperationRule]:
        """The operations of a phase that write, or that read."""
        kinds = WRITING_KINDS if writing else READING_KINDS
        rules = self.manifest.operation
        return [rule for rule in rules if phase in rule.phases and rule.kind in kinds]

    def varied(self, file: str) -> bool:
        """Whether the variant for some tasks does without the file."""
        tables: Mapping[str, Any] = tomllib.loads(self.content[MANIFEST]).get("variants", {})
        return any(table.get("files", {}).get(file) is False for table in tables.values())

    def injected(self, file: str) -> bool:
        """Whether PLAN is shown the file without asking."""
        return any(rule.file == file and "plan" in rule.phases for rule in self.manifest.inject)


def read_manifest(text: str) -> Manifest:
    """The manifest without its variants. Raises ValueError where it is none."""
    raw: Mapping[str, Any] = tomllib.loads(text)
    plain = {key: value for key, value in raw.items() if key != "variants"}
    return msgspec.convert(plain, Manifest)
