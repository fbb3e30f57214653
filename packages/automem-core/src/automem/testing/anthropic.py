"""A fake of the Messages API as a player meets it: stop sequences, the cache, errors on order.

    async with fake_anthropic(lambda body: "<|ACTION|>Noop<|END|>") as api:
        ...  # api.root is the base URL

It refuses what the real one refuses: a sampling parameter, an empty text, a missing `max_tokens`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from automem.testing.engine import misbehave
from automem.testing.http import HOST, Connection, HttpRequest, listening
from automem.testing.meta_anthropic import AnthropicWire
from automem.testing.meta_script import MetaFault, Refused, ScriptedTurn
from automem.testing.wire import Body, Call, Fault, in_order

_BODILESS = ("drop", "hang", "endless")


@dataclass(slots=True)
class FakeAnthropic:
    """What the API answers and what it has seen."""

    answer: Callable[[Body], str | ScriptedTurn]
    """Gets the request as a chat: a system message first, every content one text."""
    faults: Callable[[Call], Fault | None] = lambda _: None
    api_key: str = "sk-fake"
    """Calls without it are answered with 401."""
    port: int = 0
    calls: list[Call] = field(default_factory=list[Call])
    """Every call, as it came; its `authorization` is the key."""
    wire: AnthropicWire = field(default_factory=AnthropicWire)
    connections: set[asyncio.Transport] = field(default_factory=set[asyncio.Transport])

    @property
    def root(self) -> str:
        """The address without a path."""
        return f"http://{HOST}:{self.port}"

    def handle(self, connection: Connection, request: HttpRequest) -> None:
        """Answer one request."""
        key = request.headers.get("x-api-key", "")
        call = Call(
            identity=request.headers.get("x-request-id", ""),
            body=msgspec.json.decode(request.raw or b"{}", type=dict[str, Any]),
            authorization=key,
        )
        self.calls.append(call)
        fault = self._problem(call, request) or self.faults(call)
        if fault is None:
            self._answer(connection, call, request)
        elif fault.kind == "status":
            meta = MetaFault(
                kind="status", status=fault.status, message=fault.message, code=fault.code or ""
            )
            misbehave(connection, fault, self.wire.failure(meta)[1])
        else:
            raw = b"" if fault.kind in _BODILESS else b'{"type": "message", "content'
            misbehave(connection, fault, raw)

    def _problem(self, call: Call, request: HttpRequest) -> Fault | None:
        if request.path != "/v1/messages" or "anthropic-version" not in request.headers:
            return Fault(kind="status", status=404, message="Not found")
        if call.authorization != self.api_key:
            said = f"invalid x-api-key {call.authorization}"
            return Fault(kind="status", status=401, message=said)
        return None

    def _answer(self, connection: Connection, call: Call, request: HttpRequest) -> None:
        try:
            asked = self.wire.read(call.body, request.headers, len(self.calls))
        except Refused as refused:
            meta = MetaFault(kind="status", status=400, message=str(refused))
            connection.send(*self.wire.failure(meta))
            return
        answer = self.answer(chat_of(call.body))
        turn = ScriptedTurn(text=answer) if isinstance(answer, str) else answer
        places = [(turn.text.find(s), s) for s in call.body.get("stop_sequences", [])]
        place, stop = min([each for each in places if each[0] >= 0], default=(len(turn.text), None))
        turn = msgspec.structs.replace(turn, text=turn.text[:place])
        _, raw = self.wire.write(asked, turn, self.wire.usage(call.body, turn))
        message = msgspec.json.decode(raw, type=dict[str, Any])
        if stop is not None:
            message |= {"stop_reason": "stop_sequence", "stop_sequence": stop}
        if message["stop_reason"] == "refusal":
            message["stop_details"] = {"type": "refusal", "category": "cyber"}
        connection.send_json(200, message)


def chat_of(body: Body) -> dict[str, Any]:
    """A request as a chat endpoint would get it, for answers that read one."""
    system = [{"role": "system", "content": block["text"]} for block in body.get("system", [])]
    told = [
        {"role": each["role"], "content": "".join(block["text"] for block in each["content"])}
        for each in body["messages"]
    ]
    return {"model": body["model"], "messages": [*system, *told]}


@asynccontextmanager
async def fake_anthropic(
    answer: Callable[[Body], str | ScriptedTurn],
    *,
    faults: Sequence[Fault | None] = (),
    api_key: str = "sk-fake",
) -> AsyncGenerator[FakeAnthropic]:
    """An API of its own on a free port, for the length of a test.

    `faults` says what goes wrong with the first, second, ... call.
    """
    api = FakeAnthropic(answer=answer, faults=in_order(*faults), api_key=api_key)
    async with listening(api.handle, connections=api.connections) as api.port:
        yield api
