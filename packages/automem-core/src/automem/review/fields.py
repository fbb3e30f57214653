"""Records told from their own docstrings: what a file's keys and a program's data mean."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import TypeAlias

Shown: TypeAlias = tuple[str, ModuleType, frozenset[str]]
"""Title, module, and which of its names; none is all of them."""


def record_sections(shown: Iterable[Shown]) -> str:
    """A section for each: its records with every field, and the values that a field may have."""
    return "\n".join([line for one in shown for line in _section(*one)])


def _section(title: str, module: ModuleType, names: frozenset[str]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    for node in ast.parse(inspect.getsource(module)).body:
        name = _name(node)
        if not name or (names and name not in names):
            continue
        if isinstance(node, ast.ClassDef):
            yield ""
            yield f"`{name}`: {_flat(ast.get_docstring(node) or '')}"
            yield from _fields(node)
        else:
            yield f"`{_flat(ast.unparse(node))}`"
    yield ""


def _name(node: ast.stmt) -> str:
    """The name of a record, or of the values that a field may have."""
    match node:
        case ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case _:
            return ""


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """Each field as it is written, with the sentence under it."""
    for place, statement in enumerate(node.body):
        if isinstance(statement, ast.AnnAssign):
            said = ""
            match node.body[place + 1 : place + 2]:
                case [ast.Expr(value=ast.Constant(value=str(text)))]:
                    said = f" - {_flat(text)}"
                case _:
                    pass
            yield f"- `{_flat(ast.unparse(statement))}`{said}"


def _flat(text: str) -> str:
    return " ".join(text.split())
