"""The fake engine, spoken to in plain HTTP."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import anyio.abc
import msgspec
import pytest

from automem.testing.engine import FakeEngine, fake_engine, main, serving
from automem.testing.wire import Fault, FaultKind

pytestmark = pytest.mark.anyio

BODY: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "system", "content": "x" * 40}, {"role": "user", "content": "x" * 20}],
}


class Client:
    """One kept-alive connection."""

    def __init__(self, stream: anyio.abc.SocketStream) -> None:
        self.stream = stream

    async def send(self, path: str, body: bytes = b"", *headers: str) -> None:
        head = "".join(f"{line}\r\n" for line in (*headers, f"Content-Length: {len(body)}"))
        await self.stream.send(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)

    async def ask(self, path: str, body: bytes = b"", *headers: str) -> tuple[int, str, bytes]:
        """Status, head and body of the answer."""
        await self.send(path, body, *headers)
        raw = b""
        while b"\r\n\r\n" not in raw:
            raw += await self.stream.receive()
        head, _, content = raw.partition(b"\r\n\r\n")
        length = int(head.rpartition(b"Content-Length: ")[2])
        while len(content) < length:
            content += await self.stream.receive()
        return int(head.split()[1]), head.decode(), content

    async def chat(self, identity: str = "e/1") -> tuple[int, str, bytes]:
        return await self.ask(
            "/v1/chat/completions", msgspec.json.encode(BODY), f"X-Request-Id: {identity}"
        )


@asynccontextmanager
async def connected(engine: FakeEngine) -> AsyncGenerator[Client]:
    async with await anyio.connect_tcp("127.0.0.1", engine.port) as stream:
        yield Client(stream)


async def test_a_chat_completion_has_the_wire_form_with_usage() -> None:
    async with fake_engine(lambda body: f"I am {body['model']}") as engine, connected(engine) as c:
        status, _, raw = await c.chat()
    said = msgspec.json.decode(raw)
    assert status == 200
    assert said["choices"][0]["message"] == {"role": "assistant", "content": "I am m"}
    assert said["usage"] == {
        "prompt_tokens": 15,
        "completion_tokens": 2,
        "total_tokens": 17,
        "prompt_tokens_details": {"cached_tokens": 10},
    }


async def test_calls_are_counted_by_name_and_by_body() -> None:
    async with fake_engine(lambda _: "", faults=[None, Fault(kind="status")]) as engine:
        async with connected(engine) as client:
            assert [(await client.chat(name))[0] for name in ("a", "a", "b")] == [200, 500, 200]
            counts = msgspec.json.decode((await client.ask("/calls"))[2])
            timeline = msgspec.json.decode((await client.ask("/timeline"))[2])
        assert [call.identity for call in engine.calls] == ["a", "a", "b"]
        assert engine.calls[0].body == BODY
    assert counts["received"] == 3
    assert counts["answered"] == 2
    assert counts["by_request_id"] == {"a": 2, "b": 1}
    assert counts["answered_by_request_id"] == {"a": 1, "b": 1}
    assert list(counts["by_body"].values()) == [3]
    assert [name for _, name in timeline] == ["a", "a", "b"]


async def test_other_paths_are_those_of_an_engine() -> None:
    async with fake_engine(lambda _: "") as engine, connected(engine) as client:
        assert (await client.ask("/health"))[0] == 200
        assert msgspec.json.decode((await client.ask("/v1/models"))[2])["data"][0]["id"] == "fake"
        assert (await client.ask("/nowhere"))[0] == 404


async def test_a_request_may_come_in_pieces() -> None:
    async with fake_engine(lambda _: "whole") as engine, connected(engine) as client:
        raw = msgspec.json.encode(BODY)
        head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
        for piece in (head[:30], head[30:], raw[:10]):
            await client.stream.send(piece)
            await anyio.wait_all_tasks_blocked()
        await client.stream.send(raw[10:])
        assert b"whole" in await client.stream.receive()


async def test_a_key_is_asked_for() -> None:
    async with fake_engine(lambda _: "", api_key="secret") as engine, connected(engine) as client:
        assert (await client.chat())[0] == 401
        raw = msgspec.json.encode(BODY)
        path = "/v1/chat/completions"
        assert (await client.ask(path, raw, "Authorization: Bearer secret"))[0] == 200


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("empty_text", b'"content":""'),
        ("null_text", b'"content":null'),
        ("no_choices", b'"choices":[]'),
        ("no_usage", b'"usage":null'),
    ],
)
async def test_odd_answers_are_good_json(kind: FaultKind, expected: bytes) -> None:
    async with (
        fake_engine(lambda _: "text", faults=[Fault(kind=kind)]) as engine,
        connected(engine) as client,
    ):
        status, _, raw = await client.chat()
    assert status == 200
    assert msgspec.json.decode(raw)
    assert expected in raw


async def test_broken_json_is_complete_as_http() -> None:
    async with (
        fake_engine(lambda _: "text", faults=[Fault(kind="broken_json")]) as engine,
        connected(engine) as client,
    ):
        _, _, raw = await client.chat()
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(raw)


async def test_a_refusal_may_say_when_to_come_back() -> None:
    faults = [Fault(kind="status", status=429, retry_after="7"), Fault(kind="status", status=503)]
    async with fake_engine(lambda _: "", faults=faults) as engine, connected(engine) as client:
        status, head, raw = await client.chat()
        assert (status, "Retry-After: 7" in head) == (429, True)
        assert msgspec.json.decode(raw)["error"]["message"] == "out of order"
        assert "Retry-After" not in (await client.chat())[1]


@pytest.mark.parametrize("kind", ["drop", "close_early"])
async def test_a_connection_may_be_closed_too_soon(kind: FaultKind) -> None:
    async with (
        fake_engine(lambda _: "text", faults=[Fault(kind=kind)]) as engine,
        connected(engine) as client,
    ):
        with pytest.raises(anyio.EndOfStream):
            await client.chat()
        assert engine.answered.total() == 0


async def test_an_endless_answer_goes_on_as_long_as_it_is_read() -> None:
    async with (
        fake_engine(lambda _: "", faults=[Fault(kind="endless")]) as engine,
        connected(engine) as client,
    ):
        await client.send("/v1/chat/completions", msgspec.json.encode(BODY))
        read = 0
        while read < 8_000_000:
            read += len(await client.stream.receive())


async def test_a_client_that_leaves_before_its_answer_was_not_answered() -> None:
    async with fake_engine(lambda _: "", faults=[None], delay_seconds=60.0) as engine:
        async with connected(engine) as client:
            await client.send("/v1/chat/completions", msgspec.json.encode(BODY))
            while not engine.received:
                await anyio.wait_all_tasks_blocked()
        while engine.connections:
            await anyio.wait_all_tasks_blocked()
        assert (engine.received.total(), engine.answered.total()) == (1, 0)


async def test_a_hanging_call_ends_with_the_engine() -> None:
    async with AsyncExitStack() as stack:
        async with fake_engine(lambda _: "", faults=lambda _: Fault(kind="hang")) as engine:
            client = await stack.enter_async_context(connected(engine))
            await client.send("/v1/chat/completions", msgspec.json.encode(BODY))
            while not engine.received:
                await anyio.wait_all_tasks_blocked()
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await client.stream.receive()


async def test_as_a_process_it_prints_its_port_and_ends_with_its_input() -> None:
    command = [sys.executable, "-m", "automem.testing.engine", "--delay", "0"]
    async with await anyio.open_process(command, stderr=None) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(await process.stdout.receive())
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            client = Client(stream)
            status, _, raw = await client.chat()
            assert status == 200
            assert b"<|ACTION|>" in raw
            counts = msgspec.json.decode((await client.ask("/calls"))[2])
            assert counts["received"] == 1
        await process.stdin.aclose()
        assert await process.wait() == 0


def test_the_command_takes_the_function_that_answers() -> None:
    said = io.StringIO()
    main(["--answer", "automem.testing.answers:play"], stdin=io.BytesIO(), stdout=said)
    assert int(said.getvalue()) > 0


async def test_an_engine_that_keeps_no_calls_still_counts_them() -> None:
    async with serving(FakeEngine(lambda _: "", keeps_calls=False)) as engine:
        async with connected(engine) as client:
            await client.chat("a")
        assert engine.calls == []
        assert engine.received == {"a": 1}
