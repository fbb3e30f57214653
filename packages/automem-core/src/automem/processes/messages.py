"""What a host asks of an environment worker, and what it answers: msgpack inside frames."""

from __future__ import annotations

from typing import Any

import msgspec

from automem.records._struct import Record
from automem.spec import EnvironmentSpec


class Request(Record, tag_field="verb"):
    """What all requests share."""

    id: int
    """Repeated in the answer; many requests may be in flight."""
    environment: int
    """Which of the worker's environments is meant; the host numbers them."""


class Open(Request, tag="open"):
    """Make an environment; answered by its `EnvironmentInfo`."""

    spec: EnvironmentSpec
    task: str
    options: dict[str, Any]


class Reset(Request, tag="reset"):
    """Begin an episode; answered by an `Observation`."""

    seed: int


class Step(Request, tag="step"):
    """Play one action; answered by a `StepResult`."""

    action: str


class Draw(Request, tag="frame"):
    """Draw the present state; answered by a `Frame` or None."""


class Close(Request, tag="close"):
    """Forget the environment; answered by None."""


AnyRequest = Open | Reset | Step | Draw | Close


class Answer(Record):
    """The answer to one request: what it asked for, or why it failed."""

    id: int
    result: msgspec.Raw = msgspec.Raw(msgspec.msgpack.encode(None))
    """Decoded by who asked, so that a wrong one fails that question alone."""
    error: str | None = None
