"""Evidence made by hand: a scaffold, and counts in which every failure shows, or none."""

from __future__ import annotations

from pathlib import Path

from automem.records.memory import WRITING_KINDS
from automem.review.memory_use import FileUse, MemoryUse, OperationUse
from automem.scaffold.content import texts
from automem_meta.providers.rules.evidence import Evidence, read_manifest

STEPS = 1000
BAD = {
    "dead_lines": 400.0,
    "redundant_writes": 0.5,
    "empty_searches": 0.6,
    "consulted_writes": 0.1,
    "growth": 80.0,
    "per_call": 12_000.0,
}
GOOD = {
    "dead_lines": 0.0,
    "redundant_writes": 0.0,
    "empty_searches": 0.05,
    "consulted_writes": 0.9,
    "growth": 2.0,
    "per_call": 1_500.0,
}
PLACES = "\n".join([f"Step {n}: iron at {n % 5},{n % 3} on level 1" for n in range(30)])


def operation(name: str, kind: str, file: str, times: int, **more: object) -> OperationUse:
    """How one operation was used."""
    phase = more.pop("phase", "log" if kind in WRITING_KINDS else "plan")
    fields = {"phase": phase, "operation": name, "kind": kind, "file": file, "actor": "llm"}
    return OperationUse(**fields, times=times, **more)


def evidence_of(
    folder: Path,
    *,
    files: tuple[FileUse, ...] | None = None,
    operations: tuple[OperationUse, ...] = (),
    measures: dict[str, float | None] | None = None,
    recalled: int = STEPS,
    warnings: dict[str, int] | None = None,
    samples: dict[str, str] | None = None,
) -> Evidence:
    """A healthy game of a scaffold, but for what is said."""
    content = texts(folder)
    return Evidence(
        content=content,
        manifest=read_manifest(content["scaffold.toml"]),
        use=MemoryUse(
            episodes=1,
            steps=STEPS,
            recalled_steps=recalled,
            written_steps=STEPS,
            operations=operations,
            files=files or (),
            warnings=warnings or {},
        ),
        measures=measures if measures is not None else dict(GOOD),
        samples=samples or {},
    )


def everything_wrong(folder: Path) -> Evidence:
    """The same scaffold in a game in which nothing works."""
    manifest = read_manifest(texts(folder)["scaffold.toml"])
    files = [
        FileUse(
            file=name,
            episodes=1,
            lines=900.0,
            bytes=40_000.0,
            writes=900 if number == 0 else 300,
            duplicates=100,
            repeated_lines=0.3,
            reads=10,
        )
        for number, name in enumerate(manifest.files)
    ]
    operations = [
        operation(rule.name, rule.kind, name, 200, empty=180, hits=9_000, shown=1_000, phase=phase)
        for rule in manifest.operation
        for phase in rule.phases
        for name in ([rule.file] if rule.file else manifest.files)
    ]
    return evidence_of(
        folder,
        files=tuple(files),
        operations=tuple(operations),
        measures=dict(BAD),
        recalled=100,
        warnings={"turn_limit": 300},
        samples=dict.fromkeys(manifest.files, PLACES),
    )
