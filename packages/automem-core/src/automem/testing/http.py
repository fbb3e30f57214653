"""The HTTP of the fake servers: a plain asyncio protocol, one request at a time, kept alive.

On the standard library alone, so that it costs a benchmark little and a test nothing to install.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from automem.records._struct import Record

HOST = "127.0.0.1"
_HEADER_END = b"\r\n\r\n"
_ENDLESS_BLOCK = b" " * (1 << 20)
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


class HttpRequest(Record):
    """One request, whole."""

    method: str
    path: str
    """Without the query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    raw: bytes = b""


@dataclass(slots=True, eq=False)
class Connection(asyncio.Protocol):
    """One client; `handle` gets each request and answers it by `send`, now or later."""

    handle: Callable[[Connection, HttpRequest], None]
    open: set[asyncio.Transport]
    """Where its transport is listed while it is connected."""
    transport: asyncio.Transport | None = None
    timer: asyncio.TimerHandle | None = None
    """An answer to come; called off when the client leaves."""
    on_gone: Callable[[], None] | None = None
    """Told once that the client left before its answer."""
    _buffer: bytearray = field(default_factory=bytearray)
    _can_write: bool = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        self.transport = cast("asyncio.Transport", transport)
        self.open.add(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it, and the answer that is no longer wanted."""
        if self.transport is not None:
            self.open.discard(self.transport)
        self.transport = None
        if self.timer is not None:
            self.timer.cancel()
        gone, self.on_gone = self.on_gone, None
        if gone is not None:
            gone()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self._can_write = False

    def resume_writing(self) -> None:
        """Go on with an endless answer."""
        self._can_write = True
        self.send_blanks()

    def data_received(self, data: bytes) -> None:
        """Hand over a request once it is whole."""
        self._buffer += data
        end = self._buffer.find(_HEADER_END)
        if end < 0:
            return
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        whole = end + len(_HEADER_END) + int(headers.get("content-length", "0"))
        if len(self._buffer) < whole:
            return
        raw = bytes(self._buffer[end + len(_HEADER_END) : whole])
        del self._buffer[:whole]
        method, target = first.split(" ")[:2]
        path = target.partition("?")[0]
        self.handle(self, HttpRequest(method=method, path=path, headers=headers, raw=raw))

    def send(
        self,
        status: int,
        body: bytes,
        *,
        extra: str = "",
        length: int | None = None,
        kind: str = "application/json",
    ) -> None:
        """Answer. `extra` is further header lines; `length` may lie about the body's."""
        self.on_gone = None
        if self.transport is not None:
            head = (
                f"HTTP/1.1 {status} {_REASONS.get(status, 'Fault')}\r\n"
                f"Content-Type: {kind}\r\n"
                f"{extra}Content-Length: {len(body) if length is None else length}\r\n\r\n"
            )
            self.transport.write(head.encode("latin-1") + body)

    def send_json(self, status: int, content: Any) -> None:
        """Answer with JSON."""
        self.send(status, msgspec.json.encode(content))

    def send_blanks(self) -> None:
        """Send spaces for as long as the client reads."""
        while self.transport is not None and self._can_write and not self.transport.is_closing():
            self.transport.write(_ENDLESS_BLOCK)

    def close(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.close()


@asynccontextmanager
async def listening(
    handle: Callable[[Connection, HttpRequest], None],
    *,
    host: str = HOST,
    port: int = 0,
    connections: set[asyncio.Transport] | None = None,
) -> AsyncGenerator[int]:
    """Serve on a port, 0 takes a free one, and hand it over; ends every connection at the end.

    `connections` lists the clients that are there. Raises OSError where the port is in use.
    """
    loop = asyncio.get_running_loop()
    clients = set[asyncio.Transport]() if connections is None else connections
    server = await loop.create_server(
        lambda: Connection(handle, clients), host, port, family=socket.AF_INET, backlog=4096
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for transport in tuple(clients):
            # One whose client has just left is already on its way out.
            if not transport.is_closing():
                transport.abort()
        await asyncio.sleep(0)


def is_taken(error: OSError) -> bool:
    """Whether a port could not be had because another process has it."""
    return error.errno == errno.EADDRINUSE
