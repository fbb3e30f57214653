"""A fake engine that speaks the OpenAI chat wire form over real HTTP, and misbehaves to order.

It is a plain asyncio protocol on the standard library, so that it costs a benchmark little and a
test nothing to install. It serves /v1/chat/completions, /v1/models, /health, and for tests
/calls (how often each call came, by X-Request-Id and by body) and /timeline.

    async with fake_engine(lambda body: "<|ACTION|>Noop<|END|>") as engine:
        ...  # engine.url is the base URL

or as a process of its own, which prints its port as its first line:

    python -m automem.testing.engine --port 0 --delay 0.05
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import importlib
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TextIO, cast

import anyio
import msgspec

from automem.testing.wire import Body, Call, Fault, completion, faulty, in_order

HOST = "127.0.0.1"
_HEADER_END = b"\r\n\r\n"
_ENDLESS_BLOCK = b" " * (1 << 20)


@dataclass(slots=True)
class FakeEngine:
    """What the engine answers and what it has seen."""

    answer: Callable[[Body], str]
    delay_seconds: float = 0.0
    faults: Callable[[Call], Fault | None] = lambda _: None
    api_key: str | None = None
    """Where set, calls without it are answered with 401."""
    keeps_calls: bool = True
    """Whether `calls` holds every body; a long benchmark only counts."""
    port: int = 0
    calls: list[Call] = field(default_factory=list[Call])
    received: Counter[str] = field(default_factory=Counter[str])
    """Calls that arrived, by X-Request-Id."""
    answered: Counter[str] = field(default_factory=Counter[str])
    """Calls whose answer was sent in full to a client that was still there."""
    bodies: Counter[str] = field(default_factory=Counter[str])
    """Calls that arrived, by SHA-256 of the body."""
    timeline: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    """(seconds since the start, X-Request-Id) of each call that arrived."""
    connections: set[asyncio.Transport] = field(default_factory=set[asyncio.Transport])
    started_at: float = field(default_factory=time.monotonic)

    @property
    def url(self) -> str:
        """The base URL to put into a configuration."""
        return f"http://{HOST}:{self.port}/v1"

    def take(self, headers: Mapping[str, str], raw: bytes) -> tuple[Call, Fault | None]:
        """Count a call and decide what goes wrong with it."""
        identity = headers.get("x-request-id", "")
        self.received[identity] += 1
        self.bodies[hashlib.sha256(raw).hexdigest()] += 1
        self.timeline.append((time.monotonic() - self.started_at, identity))
        call = Call(
            identity=identity,
            body=msgspec.json.decode(raw, type=dict[str, Any]),
            authorization=headers.get("authorization", ""),
        )
        if self.keeps_calls:
            self.calls.append(call)
        if self.api_key is not None and call.authorization != f"Bearer {self.api_key}":
            said = f"Incorrect API key provided: {call.authorization}"
            return call, Fault(kind="status", status=401, message=said, code="invalid_api_key")
        return call, self.faults(call)


@dataclass(slots=True, eq=False)
class _Connection(asyncio.Protocol):
    """One client connection: requests one after the other, kept alive."""

    engine: FakeEngine
    transport: asyncio.Transport | None = None
    buffer: bytearray = field(default_factory=bytearray)
    timer: asyncio.TimerHandle | None = None
    can_write: bool = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.engine.connections.add(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.transport is not None:
            self.engine.connections.discard(self.transport)
        self.transport = None
        if self.timer is not None:
            self.timer.cancel()

    def pause_writing(self) -> None:
        self.can_write = False

    def resume_writing(self) -> None:
        self.can_write = True
        self._send_blanks()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(_HEADER_END)
        if end < 0:
            return
        request, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        whole = end + len(_HEADER_END) + int(headers.get("content-length", "0"))
        if len(self.buffer) < whole:
            return
        raw = bytes(self.buffer[end + len(_HEADER_END) : whole])
        del self.buffer[:whole]
        self._route(request.split(" ")[1], headers, raw)

    def _route(self, path: str, headers: Mapping[str, str], raw: bytes) -> None:
        engine = self.engine
        if path == "/v1/chat/completions":
            self._complete(headers, raw)
        elif path == "/health":
            self._send(200, b"")
        elif path == "/v1/models":
            models = {"object": "list", "data": [{"id": "fake", "object": "model"}]}
            self._send(200, msgspec.json.encode(models))
        elif path == "/calls":
            counts = {
                "received": engine.received.total(),
                "answered": engine.answered.total(),
                "by_request_id": engine.received,
                "answered_by_request_id": engine.answered,
                "by_body": engine.bodies,
            }
            self._send(200, msgspec.json.encode(counts))
        elif path == "/timeline":
            self._send(200, msgspec.json.encode(engine.timeline))
        else:
            self._send(404, b'{"error": {"message": "no such path", "type": "NotFound"}}')

    def _complete(self, headers: Mapping[str, str], raw: bytes) -> None:
        call, fault = self.engine.take(headers, raw)
        loop = asyncio.get_running_loop()

        def answer() -> None:
            if fault is None:
                body = completion(call.body, self.engine.answer(call.body))
                self._send(200, msgspec.json.encode(body))
                self.engine.answered[call.identity] += 1
            else:
                self._misbehave(call, fault)

        self.timer = loop.call_later(self.engine.delay_seconds, answer)

    def _misbehave(self, call: Call, fault: Fault) -> None:
        raw = faulty(call.body, self.engine.answer(call.body), fault)
        match fault.kind:
            case "hang":
                return
            case "drop":
                self._close()
            case "status":
                extra = f"Retry-After: {fault.retry_after}\r\n" if fault.retry_after else ""
                self._send(fault.status, raw, extra)
            case "close_early":
                self._send(200, raw, length=2 * len(raw))
                self._close()
            case "endless":
                self._send(200, b"", length=1 << 50)
                self._send_blanks()
            case _:
                self._send(200, raw)

    def _send(
        self, status: int, body: bytes, extra: str = "", *, length: int | None = None
    ) -> None:
        if self.transport is not None:
            head = (
                f"HTTP/1.1 {status} {'OK' if status == 200 else 'Fault'}\r\n"
                "Content-Type: application/json\r\n"
                f"{extra}Content-Length: {len(body) if length is None else length}\r\n\r\n"
            )
            self.transport.write(head.encode("latin-1") + body)

    def _send_blanks(self) -> None:
        while self.transport is not None and self.can_write and not self.transport.is_closing():
            self.transport.write(_ENDLESS_BLOCK)

    def _close(self) -> None:
        if self.transport is not None:
            self.transport.close()


@asynccontextmanager
async def serving(engine: FakeEngine) -> AsyncGenerator[FakeEngine]:
    """Serve `engine` on its port of the loopback address; 0 takes a free one."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Connection(engine), HOST, engine.port, family=socket.AF_INET, backlog=4096
    )
    engine.port = server.sockets[0].getsockname()[1]
    try:
        yield engine
    finally:
        server.close()
        for transport in tuple(engine.connections):
            # One whose client has just left is already on its way out.
            if not transport.is_closing():
                transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def fake_engine(
    answer: Callable[[Body], str],
    *,
    delay_seconds: float = 0.0,
    faults: Callable[[Call], Fault | None] | Sequence[Fault | None] = (),
    api_key: str | None = None,
) -> AsyncGenerator[FakeEngine]:
    """An engine of its own on a free port, for the length of a test.

    `answer` gets the request's JSON. `faults` is asked for each call, or says what goes wrong
    with the first, second, ... call.
    """
    chosen = faults if callable(faults) else in_order(*faults)
    engine = FakeEngine(answer=answer, delay_seconds=delay_seconds, faults=chosen, api_key=api_key)
    async with serving(engine):
        yield engine


async def serve_process(engine: FakeEngine, stdin: BinaryIO, stdout: TextIO) -> None:
    """Serve until `stdin` closes, so that the engine ends with whoever started it."""
    async with serving(engine):
        stdout.write(f"{engine.port}\n")
        stdout.flush()
        await anyio.to_thread.run_sync(stdin.read, abandon_on_cancel=True)


def main(
    arguments: Sequence[str] | None = None,
    *,
    stdin: BinaryIO | None = None,
    stdout: TextIO | None = None,
) -> None:
    """Run `python -m automem.testing.engine`."""
    parser = argparse.ArgumentParser(description="A fake OpenAI-style engine; ends with its stdin.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument(
        "--answer", default="automem.testing.answers:play", help="module:function of the request"
    )
    given = parser.parse_args(arguments)
    module, _, name = given.answer.partition(":")
    answer = getattr(importlib.import_module(module), name)
    engine = FakeEngine(
        answer=answer, delay_seconds=given.delay, port=given.port, keeps_calls=False
    )
    anyio.run(serve_process, engine, stdin or sys.stdin.buffer, stdout or sys.stdout)


if __name__ == "__main__":
    main()
