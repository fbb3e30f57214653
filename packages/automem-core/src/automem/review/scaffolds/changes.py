"""What was changed from one scaffold to another, and which of it is a change of memory itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any, cast

from automem.scaffold.content import CODE, FILES, MANIFEST, PROMPTS, table_of

_NAMES = ("name", "parent", "version", "summary")
"""Keys that change nothing of how it plays."""
_MEMORY_KEYS = ("files", "free_files", "operation", "inject", "limits", "order")
_MEMORY_PROMPTS = ("log", "log_continue", "handoff")
_OTHER_FUNCTIONS = ("perceive", "guard")

Table = Mapping[str, Any]


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The files that differ; a manifest that differs in its name alone does not."""
    found = [
        name
        for name in sorted({*before, *after})
        if name != MANIFEST and before.get(name) != after.get(name)
    ]
    if _played(_table(before)) != _played(_table(after)):
        found.insert(0, MANIFEST)
    return found


def memory_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What differs of the memory: its rules, its prompts, its seed texts, `remember` in code."""
    old, new = _table(before), _table(after)
    found = [f"{MANIFEST}: {key}" for key in _of_manifest(old, new)]
    prompts = {f"{PROMPTS}/{name}" for table in (old, new) for name in _memory_prompts(table)}
    for name in sorted({*before, *after}):
        of_memory = name.startswith(f"{FILES}/") or name in prompts
        if of_memory and before.get(name) != after.get(name):
            found.append(name)
    if _remembering(before.get(CODE, "")) != _remembering(after.get(CODE, "")):
        found.append(f"{CODE}: remember")
    return found


def _table(content: Mapping[str, str]) -> Table:
    try:
        return table_of(content.get(MANIFEST, ""))
    except (ValueError, RecursionError):
        return {"unreadable": content[MANIFEST]}


def _played(table: Table) -> Table:
    return {key: value for key, value in table.items() if key not in _NAMES}


def _of_manifest(old: Table, new: Table) -> Iterator[str]:
    for key in _MEMORY_KEYS:
        if old.get(key) != new.get(key):
            yield key
    before, after = _variants(old), _variants(new)
    for pattern in sorted({*before, *after}):
        one, other = before.get(pattern, {}), after.get(pattern, {})
        if any(one.get(key) != other.get(key) for key in _MEMORY_KEYS):
            yield f'variants."{pattern}"'


def _variants(table: Table) -> dict[str, Table]:
    found = table.get("variants", {})
    if not isinstance(found, dict):
        return {}
    pairs = cast("dict[str, object]", found).items()
    return {name: cast("Table", value) for name, value in pairs if isinstance(value, dict)}


def _memory_prompts(table: Table) -> Iterator[str]:
    for one in (table, *_variants(table).values()):
        named = one.get("prompts", {})
        for name in _MEMORY_PROMPTS:
            file = cast("Table", named).get(name) if isinstance(named, dict) else None
            yield file if isinstance(file, str) else f"{name}.md"


def _remembering(code: str) -> str:
    """The code without the functions that are not about memory."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code
    if not any(isinstance(n, ast.FunctionDef) and n.name == "remember" for n in tree.body):
        return ""
    kept = [
        node
        for node in tree.body
        if not (isinstance(node, ast.FunctionDef) and node.name in _OTHER_FUNCTIONS)
    ]
    try:
        return "\n".join([ast.dump(node) for node in kept])
    except RecursionError:
        return code
