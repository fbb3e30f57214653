"""Texts as a review may have them: no secret, nothing that a terminal obeys, not endless."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from automem.records.review import MetaTurn
from automem.secrets import REDACTED, redact, without_secrets
from automem.terminal import visible

MOST_CHARACTERS = 16_000
"""The longest answer of a tool; what is longer is read on with an offset."""
MOST_DEPTH = 64
"""How deep tables and lists of a model may be nested; no call of ours is so deep."""
TOO_DEEP = "(nested too deep)"
_SHORTEST_SECRET = 8


def known_secrets(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The values of the environment variables that hold secrets, longest first."""
    kept = without_secrets(environ)
    values = {value.strip() for name, value in environ.items() if name not in kept}
    return tuple(sorted([v for v in values if len(v) >= _SHORTEST_SECRET], key=len, reverse=True))


def harmless(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The text without what looks like a secret or is one, and without terminal commands."""
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    return visible(redact(text))


def storable(text: str) -> str:
    """The text with what is no character replaced."""
    return text.encode("utf-8", "replace").decode()


def harmless_turn(turn: MetaTurn, secrets: tuple[str, ...]) -> MetaTurn:
    """A turn of a meta-LLM as the transcript keeps it: in one line, without secrets."""
    raw = bytes(turn.raw)
    if raw:
        raw = msgspec.json.encode(_without(_read(raw), secrets))
    calls = [
        msgspec.structs.replace(
            call,
            id=storable(call.id),
            name=harmless(call.name, secrets),
            arguments=cast("dict[str, Any]", _without(call.arguments, secrets)),
            malformed=harmless(call.malformed, secrets),
        )
        for call in turn.calls
    ]
    return msgspec.structs.replace(
        turn,
        text=harmless(turn.text, secrets),
        calls=tuple(calls),
        raw=msgspec.Raw(raw or b"null"),
    )


def _read(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except RecursionError:
        return TOO_DEEP


def _without(value: object, secrets: tuple[str, ...], depth: int = 0) -> object:
    """The value with every secret in its texts redacted, and only characters that can be stored."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, REDACTED)
        return redact(storable(value))
    if depth > MOST_DEPTH:
        return TOO_DEEP
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        return {storable(key): _without(inner, secrets, depth + 1) for key, inner in pairs}
    if isinstance(value, list):
        return [_without(inner, secrets, depth + 1) for inner in cast("list[object]", value)]
    return value


def portion(text: str, offset: int = 0, most: int = MOST_CHARACTERS) -> str:
    """The part of a long text that begins at `offset`, with how to read on after it."""
    if not offset and len(text) <= most:
        return text
    end = min(len(text), offset + most)
    shown = text[offset:end]
    if offset >= len(text):
        return f"[nothing more: the whole answer has {len(text)} characters]"
    rest = "" if end == len(text) else f"; read on with offset={end}"
    return f"{shown}\n[characters {offset} to {end} of {len(text)}{rest}]"
