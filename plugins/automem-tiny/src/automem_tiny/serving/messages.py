"""What the host asks of its worker, and what that answers: msgpack inside frames."""

from __future__ import annotations

from typing import Final

import msgspec

from automem.records._struct import Record
from automem_tiny.engine.asking import Answer, Ask


class Load(Record, tag="load"):
    """Read a model and its adapters; the first thing that is asked."""

    id: int
    folder: str
    adapters: tuple[str, ...]
    at_once: int
    kept_tokens: int


class Complete(Record, tag="complete"):
    """Answer a conversation."""

    id: int
    ask: Ask


class Abandon(Record, tag="abandon"):
    """Nobody waits for that answer any more; the reply says that this was read."""

    id: int


ALIVE: Final = -2
"""The number of replies to nobody: they only say that the worker goes on."""
AnyRequest = Load | Complete | Abandon


class Numbered(msgspec.Struct, frozen=True):
    """What is read of a request that says what none may say."""

    id: int


class Reply(Record):
    """The answer to a request, or why there is none; for `Load` neither means that all is well."""

    id: int
    answer: Answer | None = None
    error: str | None = None
    status: int | None = None
    """As a server would have it: 400 where the conversation itself is the cause."""
