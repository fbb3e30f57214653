"""Where each scaffold came from, and what was changed on the way, as rows of a readable diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from automem.records._struct import Record
from automem.report.source import Version
from automem.scaffold.content import texts
from automem.scaffold.load import load_scaffold

CONTEXT_LINES = 3


class DiffRow(Record):
    """One line of a diff."""

    kind: Literal["same", "gone", "new", "gap"]
    """gap: lines in between that are the same on both sides."""
    old: int | None = None
    """Line number, from 1; likewise `new`."""
    new: int | None = None
    text: str = ""


class FileDiff(Record):
    """What became of one file."""

    name: str
    state: Literal["new", "gone", "changed"]
    added: int
    removed: int
    rows: tuple[DiffRow, ...]


class Ancestry(Record):
    """One scaffold, and how it differs from the one it is compared with."""

    version: int
    """Number of the first version that played it."""
    name: str
    hash: str
    summary: str
    parent: int | None
    """Number of the version it is compared with; None for the first."""
    inherited: bool
    """Whether its manifest names that one as its parent; else it is the one before it."""
    size: int
    """Characters of all its texts."""
    files: tuple[FileDiff, ...]


def lineage(versions: Sequence[Version]) -> list[Ancestry]:
    """Every scaffold once, in the order of being played. Raises ScaffoldError."""
    seen: dict[str, tuple[int, Mapping[str, str]]] = {}
    found: list[Ancestry] = []
    for version in versions:
        folder = version.scaffold
        if folder is None or version.plan.scaffold in seen:
            continue
        manifest = load_scaffold(folder).manifest
        content = texts(folder)
        inherited = manifest.parent in seen
        latest = next(reversed(seen), "")
        before = seen.get(manifest.parent if inherited else latest)
        found.append(
            Ancestry(
                version=version.number,
                name=manifest.name,
                hash=version.plan.scaffold,
                summary=manifest.summary,
                parent=before[0] if before else None,
                inherited=inherited,
                size=sum(map(len, content.values())),
                files=tuple(differences(before[1], content)) if before else (),
            )
        )
        seen[version.plan.scaffold] = (version.number, content)
    return found


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[FileDiff]:
    """The files that are not the same, by name."""
    for name in sorted(old.keys() | new.keys()):
        before, after = _lines(old.get(name)), _lines(new.get(name))
        rows = tuple(diff_rows(before, after))
        if not rows and (name in old) == (name in new):
            continue
        yield FileDiff(
            name=name,
            state="new" if name not in old else "gone" if name not in new else "changed",
            added=sum(row.kind == "new" for row in rows),
            removed=sum(row.kind == "gone" for row in rows),
            rows=rows,
        )


def diff_rows(old: Sequence[str], new: Sequence[str]) -> Iterator[DiffRow]:
    """The lines that changed with some around them; nothing where nothing did."""
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for number, group in enumerate(matcher.get_grouped_opcodes(CONTEXT_LINES)):
        if number:
            yield DiffRow(kind="gap")
        for tag, first, last, new_first, new_last in group:
            if tag == "equal":
                for offset in range(last - first):
                    yield DiffRow(
                        kind="same",
                        old=first + offset + 1,
                        new=new_first + offset + 1,
                        text=old[first + offset],
                    )
                continue
            for line in range(first, last):
                yield DiffRow(kind="gone", old=line + 1, text=old[line])
            for line in range(new_first, new_last):
                yield DiffRow(kind="new", new=line + 1, text=new[line])


def _lines(text: str | None) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []
