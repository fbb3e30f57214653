"""Which arguments a word of the vocabulary takes, and how its use is written down."""

from __future__ import annotations

from automem.records.memory import Kind
from automem.records.scaffold import KeyRule, OperationRule

END = "<|END|>"
RESERVED: frozenset[str] = frozenset({"END", "DONE", "ACTION", "HANDOFF"})
"""Words of the grammar itself; no operation may take them."""

_ARGUMENTS: dict[Kind, tuple[str, ...]] = {
    "read": (),
    "search": ("words",),
    "tail": ("n",),
    "count": ("words",),
    "append": ("text",),
    "write": ("text",),
    "create": ("text",),
    "upsert": ("key", "text"),
}


def arguments_of(rule: OperationRule) -> tuple[str, ...]:
    """The names of its arguments, in order; a bound file is none of them."""
    rest = _ARGUMENTS[rule.kind]
    return rest if rule.file is not None else ("file", *rest)


def split_arguments(rule: OperationRule, text: str) -> tuple[str, ...]:
    """Cut at as many bars as the rule has arguments; the last one keeps its own bars.

    A read takes a line range after its file without showing it in its usage.
    """
    most = len(arguments_of(rule)) + (rule.kind == "read")
    parts = tuple([part.strip() for part in text.split("|", most - 1)])
    return () if parts == ("",) else parts


def usage(rule: OperationRule, key: KeyRule | None = None) -> str:
    """How the operation is written, such as `<|UPSERT_MAP|>x,y|text<|END|>`."""
    shape = rule.shape or (key.shape if key is not None else "key")
    shown = [shape if name == "key" else name for name in arguments_of(rule)]
    return f"<|{rule.name}|>{'|'.join(shown)}{END}"
