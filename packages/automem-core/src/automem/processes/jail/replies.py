"""Reads what a jailed process says, as one reads a stranger's letter."""

from __future__ import annotations

from typing import Final, cast

import msgspec

from automem.errors import CodeFault, FaultKind
from automem.processes.jail.cell import Broken
from automem.processes.jail.inside.serve import EXCEPTION, INVALID, TOO_LARGE, VALUE
from automem.records._struct import Record
from automem.secrets import redact

MOST_DEPTH: Final = 32
MOST_LETTERS: Final = 500
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_KINDS: Final[dict[int, FaultKind]] = {
    EXCEPTION: "exception",
    INVALID: "invalid",
    TOO_LARGE: "too_large",
}


class _Said(Record):
    """Why the worker has no value to give."""

    kind: str
    message: str
    line: int | None = None


_VALUES: Final = msgspec.json.Decoder()
_SAID: Final = msgspec.json.Decoder(_Said)


def value_of(name: str, function: str, status: int, payload: bytes) -> object:
    """The value of a reply: builtin types only, at most `MOST_DEPTH` deep.

    Raises CodeFault if there is none, Broken if the reply is not one that our own worker writes.
    """
    try:
        if status == VALUE:
            value: object = _VALUES.decode(payload)
            if (problem := _problem(value)) is not None:
                said = f"its reply is no value: {problem}"
                raise CodeFault(f"{name}, in {function}: {said}", kind="invalid")
            return value
        kind, said = _KINDS[status], _SAID.decode(payload)
    except KeyError as error:
        raise Broken(f"the status {status} of its reply means nothing", "invalid") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Broken(f"its reply is no value: {error}", "invalid") from error
    where = f"{name}, line {said.line}" if said.line is not None else name
    what = f"{said.kind}: {said.message}" if said.kind else said.message
    raise CodeFault(f"{where}, in {function}: {cleaned(what)}", kind=kind, line=said.line)


def cleaned(text: str) -> str:
    """What code says of itself, fit for a message: one short line without secrets."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    plain = redact(" ".join(printable.split()))
    return plain if len(plain) <= MOST_LETTERS else plain[:MOST_LETTERS] + " [...]"


def _problem(value: object) -> str | None:
    """What no later reader could store or read; None if nothing."""
    layer = [value]
    for _ in range(MOST_DEPTH):
        deeper: list[object] = []
        for item in layer:
            kind = type(item)
            if kind is str:
                continue
            if kind is dict:
                deeper += cast("dict[str, object]", item).values()
            elif kind is list:
                deeper += cast("list[object]", item)
            elif kind is int and not _SMALLEST <= cast("int", item) <= _LARGEST:
                return "an integer of more than 64 bits"
        if not deeper:
            return None
        layer = deeper
    return f"nested more than {MOST_DEPTH} deep"
