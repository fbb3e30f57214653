"""What a scaffold may express, read from the records' own docstrings, and the guide about it.

`python -m automem.review.scaffolds.reference` copies the guide from the docs to where a wheel has
it.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from types import ModuleType

from automem.records import code, memory, scaffold
from automem.scaffold import context

GUIDE = Path("docs", "guide", "scaffolds.md")
"""Below the root of the project."""
_SHOWN: tuple[tuple[str, ModuleType, frozenset[str]], ...] = (
    ("Keys of scaffold.toml", scaffold, frozenset()),
    ("Kinds of operations, files in prompts", memory, frozenset({"Kind", "FileStatus"})),
    ("Variables of prompts", context, frozenset()),
    ("What code.py is given and may answer", code, frozenset()),
)
"""Title, module, and which of its names; none is all of them."""


def guide() -> str:
    """The page of the docs about scaffolds, as the package carries it."""
    return (
        files("automem.review.scaffolds")
        .joinpath("prompts", "guide.md")
        .read_text(encoding="utf-8")
    )


def reference() -> str:
    """Every record of the manifest, of the prompts' variables and of scaffold code."""
    return "\n".join([line for shown in _SHOWN for line in _section(*shown)])


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


def copy_guide(root: Path, folder: Path = Path(__file__).parent / "prompts") -> Path:
    """Copy the page from the docs below `root` into the package; gives back where it is."""
    target = folder / "guide.md"
    target.write_text((root / GUIDE).read_text(encoding="utf-8"), encoding="utf-8")
    return target


if __name__ == "__main__":
    copy_guide(Path.cwd())  # where a developer runs it: the root of the project
