"""Answers the host's requests with what the model-written code returns.

A frame from the host is a length and a marshalled tuple; only it writes there. A frame to the
host is a length, the number of the request, a status and JSON, which the host reads as it would
from a stranger: nothing here is trusted once the code has run.
"""

from __future__ import annotations

import builtins
import io
import json
import marshal
import os
import struct
import sys
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any, Final, NamedTuple

from automem.processes.jail.inside.modules import importer

VALUE, EXCEPTION, INVALID, TOO_LARGE = range(4)
REPLY: Final = struct.Struct(">IIB")
REQUEST: Final = struct.Struct(">I")
MODULE: Final = "scaffold_code"
_AT_ONCE = 65536
_MESSAGE_LETTERS = 2000


class Served(NamedTuple):
    """A reply before it is framed."""

    status: int
    payload: bytes


class Nowhere(io.TextIOBase):
    """Takes what is printed; one of the two pipes is for replies, the other for requests."""

    def write(self, text: str, /) -> int:
        """See the class."""
        return len(text)


def serve(requests: int, replies: int, reply_bytes: int) -> None:
    """Answer until the host closes its end."""
    code = Code(reply_bytes)
    while (request := receive(requests)) is not None:
        number, verb, first, second = marshal.loads(request)  # noqa: S302 - the host wrote it
        served = code.load(first, second) if verb == "load" else code.call(first, second)
        send(replies, number, served)


def receive(requests: int) -> bytes | None:
    """The next request; None when the host is gone."""
    data = os.read(requests, _AT_ONCE)
    if not data:
        return None
    end = REQUEST.size + REQUEST.unpack_from(data)[0]
    if len(data) < end:
        parts = bytearray(data)
        while len(parts) < end:
            if not (part := os.read(requests, end - len(parts))):
                return None
            parts += part
        data = bytes(parts)
    return data[REQUEST.size :]


def send(replies: int, number: int, served: Served) -> None:
    """Write one reply."""
    left = REPLY.pack(len(served.payload), number, served.status) + served.payload
    while left:
        left = left[os.write(replies, left) :]


class Code:
    """The model-written code: its module, and calls of its functions."""

    def __init__(self, reply_bytes: int) -> None:
        self._most = reply_bytes
        self._encode: Callable[[object], str] = json.JSONEncoder(
            allow_nan=False, check_circular=False, separators=(",", ":")
        ).encode
        self._name = ""
        self._names: dict[str, Any] = {}

    def load(self, source: str, name: str) -> Served:
        """Run the source as a module; answered by the names of its functions."""
        self._name = name
        module = ModuleType(MODULE)
        self._names = module.__dict__
        # Data classes look for the module of their annotations there.
        sys.modules[MODULE] = module
        self._names["__builtins__"] = {**vars(builtins), "__import__": importer()}
        try:
            compiled: CodeType = compile(source, name, "exec", dont_inherit=True)
            exec(compiled, self._names)  # noqa: S102 - what the jail is for
            found = sorted(key for key, value in self._names.items() if _own(key, value))
        except BaseException as error:  # noqa: BLE001 - whatever it raises is its fault
            return self._failed(error)
        return self._value(found)

    def call(self, function: str, arguments: tuple[Any, ...]) -> Served:
        """What the function returns, as JSON."""
        try:
            result = self._names[function](*arguments)
        except BaseException as error:  # noqa: BLE001 - whatever it raises is its fault
            return self._failed(error)
        # Whatever `del` sets off happens before the reply, and is charged to this call.
        del arguments
        return self._value(result)

    def _value(self, result: object) -> Served:
        try:
            payload = self._encode(result).encode()
            del result
        except BaseException as error:  # noqa: BLE001 - a subclass of str may raise anything
            kind = type(error).__name__
            reason = f"what it returned is not JSON-like: {kind}: {_message(error)}"
            return Served(INVALID, self._said("", reason, None))
        if len(payload) > self._most:
            text = f"it returned {len(payload)} bytes; {self._most} are allowed"
            return Served(TOO_LARGE, self._said("", text, None))
        return Served(VALUE, payload)

    def _failed(self, error: BaseException) -> Served:
        line = self._line(error)
        kind = str(type(error).__name__)
        return Served(EXCEPTION, self._said(kind, _message(error), line))

    def _said(self, kind: str, message: str, line: int | None) -> bytes:
        text = json.dumps({"kind": kind[:200], "message": message, "line": line})
        return text.encode("utf-8", "replace")

    def _line(self, error: BaseException) -> int | None:
        """The innermost line of the code itself that the error passed."""
        if isinstance(error, SyntaxError) and error.filename == self._name:
            return error.lineno
        line = None
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self._name:
                line = trace.tb_lineno
            trace = trace.tb_next
        return line


def _own(name: str, value: object) -> bool:
    """Whether it is a function that the code defines and means to be called."""
    return (
        not name.startswith("_")
        and callable(value)
        and getattr(value, "__module__", None) == MODULE
    )


def _message(error: BaseException) -> str:
    try:
        # `SyntaxError` says file and line in its text, which the reply says already.
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        return str(text)[:_MESSAGE_LETTERS]
    except BaseException:  # noqa: BLE001 - its own `__str__` is as little trusted as the rest
        return "an error that cannot be printed"
