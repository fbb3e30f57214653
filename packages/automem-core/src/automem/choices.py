"""The values that a key allows, for a message where another one was given."""

from __future__ import annotations

import re

import msgspec
from msgspec import inspect

_NOT_ALLOWED = re.compile(r"Invalid enum value (.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*")


def name_choices(said: str, struct: type[msgspec.Struct], path: str) -> str:
    """Msgspec's words, with the allowed values where it speaks of a closed set.

    `path` is where in `struct` it happened, as msgspec writes it: `.operation[3].kind`.
    """
    found = _NOT_ALLOWED.fullmatch(said)
    allowed = choices(struct, path) if found else ()
    return f"{found[1]} is none of {', '.join(allowed)}" if found and allowed else said


def choices(struct: type[msgspec.Struct], path: str) -> tuple[str, ...]:
    """The values of the closed set at a path; none where anything may stand there."""
    kinds: list[inspect.Type] = [inspect.type_info(struct)]
    for name in _NAME.findall(path):
        kinds = [
            field.type
            for kind in _parts(kinds)
            if isinstance(kind, inspect.StructType)
            for field in kind.fields
            if field.encode_name == name
        ]
    literals = [kind for kind in _parts(kinds) if isinstance(kind, inspect.LiteralType)]
    return tuple(str(value) for literal in literals for value in literal.values)


def _parts(kinds: list[inspect.Type]) -> list[inspect.Type]:
    """What stands in lists, tables and alternatives."""
    found: list[inspect.Type] = []
    for kind in kinds:
        match kind:
            case inspect.UnionType():
                found += _parts(list(kind.types))
            case inspect.VarTupleType() | inspect.ListType():
                found += _parts([kind.item_type])
            case inspect.DictType():
                found += _parts([kind.value_type])
            case _:
                found.append(kind)
    return found
