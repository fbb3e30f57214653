"""The modules that model-written code may import, all of them imported before the lock."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, Final

ALLOWED: Final = (
    "__future__",
    "abc",
    "array",
    "bisect",
    "cmath",
    "collections",
    "collections.abc",
    "colorsys",
    "copy",
    "dataclasses",
    "decimal",
    "difflib",
    "enum",
    "fractions",
    "functools",
    "graphlib",
    "heapq",
    "itertools",
    "json",
    "math",
    "numbers",
    "operator",
    "random",
    "re",
    "reprlib",
    "statistics",
    "string",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
)
"""No clock, no file, no process: what remains is computing. Not the boundary; the lock is."""


def preload() -> None:
    """Import all of them; after the lock nothing can be read."""
    for name in ALLOWED:
        import_module(name)
    # Codecs are modules too, and "".encode("ascii") imports one.
    for encoding in ("ascii", "latin-1", "utf-8", "utf-16", "unicode_escape"):
        "".encode(encoding)


def importer() -> Callable[..., ModuleType]:
    """`__import__` for model-written code: the list, and a message that names it."""
    real = builtins.__import__
    allowed = frozenset(ALLOWED)

    def limited(
        name: str,
        given_globals: Mapping[str, Any] | None = None,
        given_locals: Mapping[str, Any] | None = None,
        wanted: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if level or name not in allowed:
            raise ImportError(f"'{name}' may not be imported here; {', '.join(ALLOWED)} may")
        return real(name, given_globals, given_locals, wanted or (), level)

    return limited
