"""The little of HTTP that pages for one person on the same machine need: GET, and an answer.

It listens on the loopback address alone, and answers only who asks for it by that name: a page
from elsewhere that has its own name point here gets nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

import anyio
import structlog
from anyio.abc import ByteStream, SocketAttribute

from automem.errors import AutoMemError, RunError
from automem.records._struct import Record

HOST = "127.0.0.1"
MOST_HEAD_BYTES = 16_384
HEAD_SECONDS = 10.0
_REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 404: "Not Found",
            405: "Method Not Allowed", 421: "Misdirected Request",
            500: "Internal Server Error"}  # fmt: skip

log = structlog.get_logger()


class Answer(Record):
    """What is sent back."""

    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    status: int = 200
    encoding: str = ""
    """`gzip` where the body is compressed."""


Answering = Callable[[str], Awaitable[Answer | None]]
"""Answers a path without its query; None if there is nothing. May raise AutoMemError, OSError."""


@asynccontextmanager
async def listening(port: int, answering: Answering) -> AsyncGenerator[int]:
    """Answer on the loopback address while the body runs; yields the port, 0 being any free one.

    Raises RunError where the port is taken.
    """
    try:
        listener = await anyio.create_tcp_listener(local_host=HOST, local_port=port)
    except OSError as error:
        raise RunError(
            f"cannot listen on port {port}: {error.strerror or error}; choose another with --port"
        ) from error
    async with listener, anyio.create_task_group() as group:
        bound = int(listener.extra(SocketAttribute.local_port))  # noqa: S610 - not a database

        async def serve(stream: ByteStream) -> None:
            async with stream:
                await _serve(stream, answering, bound)

        group.start_soon(listener.serve, serve)
        yield bound
        group.cancel_scope.cancel()


async def _serve(stream: ByteStream, answering: Answering, port: int) -> None:
    try:
        with anyio.fail_after(HEAD_SECONDS):
            head = await _head(stream)
        method, path, host = parse_head(head)
        answer = await _answer(method, path, host, answering, port)
        with anyio.fail_after(HEAD_SECONDS):
            await stream.send(rendered(answer, with_body=method != "HEAD"))
    except (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, TimeoutError):
        # Whoever asked went away, or never finished asking.
        log.debug("page_connection_left")


async def _head(stream: ByteStream) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < MOST_HEAD_BYTES:
        head += await stream.receive()
    return head


def parse_head(head: bytes) -> tuple[str, str, str]:
    """Method, path and host of a request; empty texts where it is none."""
    lines = head.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3:
        return "", "", ""
    headers = dict(line.split(":", 1) for line in lines[1:] if ":" in line)
    host = next((v.strip() for name, v in headers.items() if name.lower() == "host"), "")
    try:
        path = urlsplit(words[1]).path
    except ValueError:  # such as //[, which looks like a host without its end
        return "", "", ""
    return words[0], unquote(path), host


async def _answer(method: str, path: str, host: str, answering: Answering, port: int) -> Answer:
    if not method:
        return Answer(status=400, body=b"this is no request")
    if host not in (f"{HOST}:{port}", f"localhost:{port}"):
        return Answer(status=421, body=b"this host is not served here")
    if method not in ("GET", "HEAD"):
        return Answer(status=405, body=b"only GET is answered")
    try:
        answer = await answering(path)
    except (AutoMemError, OSError) as error:  # files may go while they are looked at
        return Answer(status=500, body=str(error).encode())
    return answer or Answer(status=404, body=b"there is nothing at this address")


def rendered(answer: Answer, *, with_body: bool) -> bytes:
    """The bytes of an answer; each connection carries one."""
    lines = [
        f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}",
        f"Content-Type: {answer.kind}",
        f"Content-Length: {len(answer.body)}",
        *([f"Content-Encoding: {answer.encoding}"] if answer.encoding else []),
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
        "Connection: close",
    ]
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head + answer.body if with_body else head
