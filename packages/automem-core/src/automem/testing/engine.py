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
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TextIO

import anyio
import msgspec

from automem.testing.http import HOST, Connection, HttpRequest, listening
from automem.testing.wire import Body, Call, Fault, completion, faulty, in_order


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

    def handle(self, connection: Connection, request: HttpRequest) -> None:
        """Answer one request."""
        match request.path:
            case "/v1/chat/completions":
                self._complete(connection, request)
            case "/health":
                connection.send(200, b"")
            case "/v1/models":
                models = {"object": "list", "data": [{"id": "fake", "object": "model"}]}
                connection.send_json(200, models)
            case "/calls":
                connection.send_json(200, self._counts())
            case "/timeline":
                connection.send_json(200, self.timeline)
            case _:
                said = {"error": {"message": "no such path", "type": "NotFound"}}
                connection.send_json(404, said)

    def _counts(self) -> dict[str, Any]:
        return {
            "received": self.received.total(),
            "answered": self.answered.total(),
            "by_request_id": self.received,
            "answered_by_request_id": self.answered,
            "by_body": self.bodies,
        }

    def _complete(self, connection: Connection, request: HttpRequest) -> None:
        call, fault = self.take(request.headers, request.raw)
        loop = asyncio.get_running_loop()

        def answer() -> None:
            if fault is None:
                body = completion(call.body, self.answer(call.body))
                connection.send_json(200, body)
                self.answered[call.identity] += 1
            else:
                raw = faulty(call.body, self.answer(call.body), fault)
                misbehave(connection, fault, raw)

        connection.timer = loop.call_later(self.delay_seconds, answer)


def misbehave(connection: Connection, fault: Fault, raw: bytes) -> None:
    """Answer a call with a fault; `raw` is the body, where it has one."""
    match fault.kind:
        case "hang":
            return
        case "drop":
            connection.close()
        case "status":
            extra = f"Retry-After: {fault.retry_after}\r\n" if fault.retry_after else ""
            connection.send(fault.status, raw, extra=extra)
        case "close_early":
            connection.send(200, raw, length=2 * len(raw))
            connection.close()
        case "endless":
            connection.send(200, b"", length=1 << 50)
            connection.send_blanks()
        case _:
            connection.send(200, raw)


@asynccontextmanager
async def serving(engine: FakeEngine) -> AsyncGenerator[FakeEngine]:
    """Serve `engine` on its port of the loopback address; 0 takes a free one."""
    async with listening(
        engine.handle, port=engine.port, connections=engine.connections
    ) as engine.port:
        yield engine


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
