"""The events of a trace that the table of turns needs, without the texts that it does not.

Prompts are most of a trace. Making records of them takes most of the time of reading it, and the
table rarely looks into one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from automem.episode.blocks import read_block, read_index
from automem.episode.encoding import decode, decode_whole
from automem.episode.texts import TextWindow
from automem.errors import TraceError
from automem.records.model import Finish, Role, Usage
from automem.records.scaffold import Phase
from automem.records.trace import AnyEvent, Asked

_OBSERVED = b'{"event":"observed"'
_ASKED = b'{"event":"asked"'


class Call(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What of `Asked` is always needed."""

    step: int
    phase: Phase
    turn: int
    role: Role
    reply: str = ""
    finish: Finish = "stop"
    usage: Usage = Usage()
    error: str | None = None


class Heard(NamedTuple):
    """One call."""

    call: Call
    whole: Callable[[], Asked]
    """Makes the event with its messages."""


_calls = msgspec.json.Decoder(Call)
_fields = msgspec.json.Decoder(dict[str, Any])
_asked = msgspec.json.Decoder(Asked)


def events_of(path: Path) -> Iterator[AnyEvent | Heard]:
    """The events of a trace in order, calls as `Heard`, observations left out. Raises TraceError.

    A torn last line is left out.
    """
    lines = _compacted(path) if path.suffix == ".zst" else _growing(path)
    try:
        yield from lines
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError, TraceError) as error:
        raise TraceError(f"{path}: {error}") from error


def _compacted(path: Path) -> Iterator[AnyEvent | Heard]:
    for block in read_index(path).blocks:
        for line in read_block(path, block).splitlines():
            if line.startswith(_ASKED):
                yield Heard(_calls.decode(line), lambda line=line: _asked.decode(line))
            elif not line.startswith(_OBSERVED):
                yield decode_whole(line)


def _growing(path: Path) -> Iterator[AnyEvent | Heard]:
    window = TextWindow()
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            if line.startswith(_OBSERVED):
                fields = _fields.decode(line)
                window.read(fields["text"])
                window.read(fields.get("status", ""))
            elif line.startswith(_ASKED):
                yield _heard(_fields.decode(line), window)
            else:
                yield decode(line, window)


def _heard(fields: dict[str, Any], window: TextWindow) -> Heard:
    for message in fields["messages"]:
        message["content"] = window.read(message["content"])
    call = msgspec.convert({name: fields[name] for name in _NAMES if name in fields}, Call)
    return Heard(call, lambda: msgspec.convert(fields, Asked))


_NAMES = Call.__struct_fields__
