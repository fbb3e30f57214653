"""A fake meta-LLM behind real HTTP that speaks the Anthropic, Responses and chat APIs by a script.

    async with fake_meta_llm([ScriptedTurn(calls=(ScriptedCall(name="list"),)), ...]) as llm:
        ...  # llm.anthropic_url, llm.openai_url

The real SDKs, and programs that are built on them, are driven against it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from automem.testing.http import HOST, Connection, HttpRequest, listening
from automem.testing.meta_anthropic import AnthropicWire
from automem.testing.meta_chat import ChatWire
from automem.testing.meta_responses import ResponsesWire
from automem.testing.meta_script import (
    Asked,
    MetaAnswer,
    MetaFault,
    MetaScript,
    Refused,
    ScriptedTurn,
    follow,
)

Wire = AnthropicWire | ResponsesWire | ChatWire


@dataclass(slots=True)
class FakeMetaLLM:
    """What the server answers, and what it has been asked."""

    answer: Callable[[Asked], MetaAnswer]
    key: str | None = None
    """Where set, requests without it are answered with 401."""
    asked: list[Asked] = field(default_factory=list[Asked])
    """Every request, also those that were answered with a fault."""
    answered: int = 0
    """Turns that were sent in full."""
    side_questions: int = 0
    """Requests without tools, as an agent program makes them for itself."""
    refused: list[str] = field(default_factory=list[str])
    """Why requests were not even put to the model."""
    port: int = 0
    connections: set[asyncio.Transport] = field(default_factory=set[asyncio.Transport])
    wires: dict[str, Wire] = field(
        default_factory=lambda: {
            "/v1/messages": AnthropicWire(),
            "/v1/responses": ResponsesWire(),
            "/v1/chat/completions": ChatWire(),
        }
    )

    @property
    def anthropic_url(self) -> str:
        """The base URL as Anthropic's SDK wants it."""
        return f"http://{HOST}:{self.port}"

    @property
    def openai_url(self) -> str:
        """The base URL as OpenAI's SDK wants it."""
        return f"http://{HOST}:{self.port}/v1"

    def handle(self, connection: Connection, request: HttpRequest) -> None:
        """Answer one request."""
        wire = self.wires.get(request.path)
        if wire is None:
            self._handle_other(connection, request)
            return
        body = msgspec.json.decode(request.raw, type=dict[str, Any])
        try:
            asked = wire.read(body, request.headers, len(self.asked) + 1)
        except Refused as error:
            self.refused.append(str(error))
            fault = MetaFault(kind="status", status=400, message=str(error))
            connection.send(*wire.failure(fault))
            return
        if self.key is not None and asked.key != self.key:
            fault = MetaFault(kind="status", status=401, message=f"invalid key {asked.key}")
            connection.send(*wire.failure(fault))
        elif isinstance(wire, AnthropicWire) and not asked.tools:
            self.side_questions += 1
            self._send(connection, wire, asked, ScriptedTurn(text="Review"))
        else:
            self.asked.append(asked)
            self._answer(connection, wire, asked)

    def _answer(self, connection: Connection, wire: Wire, asked: Asked) -> None:
        answer = self.answer(asked)
        if isinstance(answer, ScriptedTurn):
            self._send(connection, wire, asked, answer)
            self.answered += 1
            return
        usage = wire.usage(asked.body, answer.turn)
        match answer.kind:
            case "hang":
                return
            case "cut":
                kind, body = wire.write(asked, answer.turn, usage)
                connection.send(200, body[: len(body) // 2], length=len(body), kind=kind)
                connection.close()
            case "overloaded":
                kind, body = wire.write(asked, answer.turn, usage, overloaded=True)
                connection.send(200, body, kind=kind)
            case _:
                status, body = wire.failure(answer)
                after = f"Retry-After: {answer.retry_after}\r\n" if answer.retry_after else ""
                connection.send(status, body, extra=after)

    def _send(self, connection: Connection, wire: Wire, asked: Asked, turn: ScriptedTurn) -> None:
        kind, body = wire.write(asked, turn, wire.usage(asked.body, turn))
        connection.send(200, body, kind=kind)

    def _handle_other(self, connection: Connection, request: HttpRequest) -> None:
        if request.path == "/v1/messages/count_tokens":
            connection.send_json(200, {"input_tokens": len(request.raw) // 4})
        else:
            error = {"type": "not_found_error", "message": f"no {request.path} here"}
            connection.send_json(404, {"type": "error", "error": error})


@asynccontextmanager
async def fake_meta_llm(
    script: MetaScript, *, key: str | None = None, port: int = 0
) -> AsyncGenerator[FakeMetaLLM]:
    """A server of its own, on a free port unless one is named, for the length of a test."""
    llm = FakeMetaLLM(answer=follow(script), key=key)
    async with listening(llm.handle, port=port, connections=llm.connections) as taken:
        llm.port = taken
        yield llm
