"""A scaffold as a page of text that a person reads."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from automem.memory.lines import to_lines
from automem.records.scaffold import FileRule
from automem.scaffold.load import Scaffold
from automem.scaffold.text import operations_text


def overview(scaffold: Scaffold, *, with_prompts: bool = False) -> str:
    """Name, files with their rules, operations, injected reads, limits; prompts if asked for."""
    return "\n".join(_lines(scaffold, with_prompts=with_prompts))


def _lines(scaffold: Scaffold, *, with_prompts: bool) -> Iterator[str]:
    manifest = scaffold.manifest
    yield f"{manifest.name} {manifest.version} ({scaffold.hash}) in {scaffold.folder}"
    yield from _said(
        ("", manifest.summary),
        ("environment: ", manifest.environment),
        ("parent: ", manifest.parent),
        ("variants: ", ", ".join(scaffold.variants)),
    )
    yield "\nfiles"
    for name, text in scaffold.files.items():
        rule = manifest.files.get(name, FileRule())
        count = len(to_lines(text))
        lines = "1 line" if count == 1 else f"{count} lines"
        yield f"- {name} ({lines}): {'; '.join(_rules(rule))}"
    yield f"\noperations (order: {manifest.order})"
    yield operations_text(manifest.operation, None)
    yield "\ninjected"
    for rule in manifest.inject:
        phases = ", ".join([phase.upper() for phase in rule.phases])
        number = f" {rule.lines} lines" if rule.lines is not None else ""
        yield f"- {rule.slot}: {rule.operation} {rule.file}{number} ({phases})"
    if scaffold.code is not None:
        yield from _code(scaffold)
    yield "\nlimits"
    for key, value in msgspec.structs.asdict(manifest.limits).items():
        yield f"- {key}: {value}"
    yield "\nprompts"
    for name, text in scaffold.prompts.items():
        yield f"- {name} ({len(text)} characters)"
        if with_prompts:
            yield f"\n{text}"


def _code(scaffold: Scaffold) -> Iterator[str]:
    shown, slots = scaffold.manifest.code.files, scaffold.manifest.code.slots
    yield "\ncode"
    yield f"- is shown {'every file' if shown is None else ', '.join(shown) or 'no file'}"
    yield f"- fills {', '.join(slots) or 'no slot'}"


def _said(*parts: tuple[str, str]) -> Iterator[str]:
    for label, text in parts:
        if text:
            yield f"{label}{text}"


def _rules(rule: FileRule) -> Iterator[str]:
    yield rule.purpose or "no purpose given"
    yield f"may be changed by {', '.join(rule.modes)}" if rule.modes else "may not be changed"
    if rule.code_modes:
        yield f"code may {', '.join(rule.code_modes)}"
    if rule.key is not None:
        yield f"keyed by {rule.key.shape}"
    if rule.dedupe != "off":
        yield f"no repeats ({rule.dedupe})"
    if rule.retention is not None:
        kept = rule.retention
        top = f"{kept.pinned} at the top and " if kept.pinned else ""
        yield f"past {kept.max_lines} lines keeps {top}the last {kept.keep_last}"
