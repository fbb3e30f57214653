"""An agent SDK for tests: the surface of the real one that is used, following a script of events.

Each step is a turn (as events of the model's stream), a call of a tool of ours, the agent's own
answer to a call, an end of its work, or a message as it is.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
import msgspec

from automem.testing.meta_anthropic import AnthropicWire
from automem.testing.meta_script import ScriptedTurn


@dataclass
class StreamEvent:
    event: dict[str, Any]
    parent_tool_use_id: str | None = None


@dataclass
class ToolResultBlock:
    tool_use_id: str
    content: Any
    is_error: bool | None = None


@dataclass
class UserMessage:
    content: Any


@dataclass
class SystemMessage:
    subtype: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class AssistantMessage:
    content: Any


@dataclass
class ResultMessage:
    subtype: str = "success"
    is_error: bool = False
    result: str | None = None
    errors: list[str] | None = None
    api_error_status: int | None = None


@dataclass
class Call:
    """The program calls one of our tools; with `early` before the turn that says so has ended."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])


class ClaudeSDKError(Exception):
    """As the real one's."""


Step = ScriptedTurn | Call | Exception | Any


@dataclass
class FakeSDK:
    """Stands where the module stands."""

    steps: Sequence[Step]
    fails_to_start: bool = False
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    queries: list[str] = field(default_factory=list[str])
    answers: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    interrupted: int = 0
    disconnected: int = 0
    tools: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = field(
        default_factory=dict[str, Any]
    )
    turns: int = 0
    __file__: str = __file__
    ClaudeSDKError: type[Exception] = ClaudeSDKError

    def tool(self, name: str, _description: str, _schema: dict[str, Any]) -> Callable[[Any], Any]:
        def keep(function: Any) -> Any:
            self.tools[name] = function
            return function

        return keep

    def create_sdk_mcp_server(self, name: str, *, tools: list[Any]) -> dict[str, Any]:
        return {"type": "sdk", "name": name, "tools": len(tools)}

    def ClaudeAgentOptions(self, **options: Any) -> FakeSDK:
        self.options = options
        return self

    def ClaudeSDKClient(self, _options: object) -> FakeSDK:
        return self

    async def connect(self) -> None:
        if self.fails_to_start:
            raise ClaudeSDKError(f"no program with {self.options['env']['ANTHROPIC_API_KEY']}")

    async def query(self, text: str) -> None:
        self.queries.append(text)

    async def interrupt(self) -> None:
        self.interrupted += 1

    async def disconnect(self) -> None:
        self.disconnected += 1

    async def receive_messages(self) -> AsyncGenerator[Any]:
        for step in self.steps:
            match step:
                case ScriptedTurn():
                    for event in self._events(step):
                        yield StreamEvent(event)
                        yield AssistantMessage(event)
                case Call():
                    self.answers.append(await self.tools[step.name](step.arguments))
                case Exception():
                    raise step
                case _:
                    yield step
        await anyio.sleep_forever()

    def _events(self, turn: ScriptedTurn) -> list[dict[str, Any]]:
        self.turns += 1
        wire = AnthropicWire()
        body: dict[str, Any] = {
            "model": "claude-sonnet-5-5",
            "max_tokens": 1,
            "stream": True,
            "tools": [{"name": f"mcp__review__{name}"} for name in self.tools],
            "messages": [{"role": "user", "content": "go"}],
        }
        asked = wire.read(body, {}, self.turns)
        _, raw = wire.write(asked, turn, wire.usage(body, turn))
        lines = [line for line in raw.split(b"\n") if line.startswith(b"data: ")]
        return [msgspec.json.decode(line.removeprefix(b"data: ")) for line in lines]
