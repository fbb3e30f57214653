"""One trace event to one JSON line and back, its long texts through the text window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from automem.episode.texts import TextWindow
from automem.errors import TraceError
from automem.records.trace import READABLE_VERSIONS, AnyEvent, Started

_encoder = msgspec.json.Encoder()
_lines = msgspec.json.Decoder(dict[str, Any])
_whole = msgspec.json.Decoder(AnyEvent)  # pyright: ignore[reportArgumentType,reportCallIssue]


def encode(event: AnyEvent, window: TextWindow) -> bytes:
    """The line of `event`, without its newline; moves the window."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    _convert(fields, window.store)
    return _encoder.encode(fields)


def decode(line: bytes, window: TextWindow) -> AnyEvent:
    """The event of one line; moves the window. Raises TraceError."""
    try:
        fields = _lines.decode(line)
        _convert(fields, window.read)
        event: AnyEvent = msgspec.convert(fields, AnyEvent)  # pyright: ignore[reportArgumentType]
    except (msgspec.MsgspecError, IndexError, KeyError, TypeError, ValueError) as error:
        raise TraceError(f"not a trace event: {error}") from error
    return _of_this_version(event)


def encode_whole(event: AnyEvent) -> bytes:
    """The line of `event` with every text in full, as compacted and exported traces have it."""
    return _encoder.encode(event)


def decode_whole(line: bytes) -> AnyEvent:
    """The event of a line with every text in full. Raises TraceError."""
    try:
        event: AnyEvent = _whole.decode(line)
    except msgspec.MsgspecError as error:
        raise TraceError(f"not a trace event: {error}") from error
    return _of_this_version(event)


def _of_this_version(event: AnyEvent) -> AnyEvent:
    """Refuse another version: its text window may differ, and would silently give other texts."""
    if isinstance(event, Started) and event.trace_version not in READABLE_VERSIONS:
        raise TraceError(
            f"the trace has version {event.trace_version}, and this AutoMem reads versions "
            f"{', '.join(map(str, sorted(READABLE_VERSIONS)))}; read it with the AutoMem that "
            "wrote it"
        )
    return event


def _convert(fields: dict[str, Any], convert: Callable[[Any], Any]) -> None:
    match fields.get("event"):
        case "observed":
            fields["text"] = convert(fields["text"])
            fields["status"] = convert(fields.get("status", ""))
        case "asked":
            for message in fields["messages"]:
                message["content"] = convert(message["content"])
        case "remembered":
            fields["result"] = convert(fields["result"])
        case _:
            pass
