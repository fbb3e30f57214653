"""The state of a fake server of one base model and its adapters, whichever engine it imitates."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from automem.testing.adapters import Adapter, Refusal, read_adapter
from automem.testing.generation import Answer, Generated, default_answer, generate, most_tokens
from automem.testing.http import HOST, Connection, HttpRequest
from automem.testing.prefix_cache import PrefixCache, rendered, tokens_of
from automem.testing.wire import Call


@dataclass(slots=True)
class ModelServer:
    """What is served, what has been asked, and what goes wrong."""

    name: str = "base"
    """Under which the base model is asked for."""
    path: str = "base"
    """What it was loaded from."""
    answer: Answer = default_answer
    delay_seconds: float = 0.0
    """Each answer takes this long."""
    api_key: str | None = None
    context_tokens: int = 32768
    lora: bool = True
    """Whether it was started to serve adapters."""
    most_rank: int = 16
    most_running: int = 256
    """Calls worked on at once; further ones wait."""
    reports_cached: bool = True
    has_chat_template: bool = True
    health: str = "good"
    """`good`, `bad` answers with a failure, `hung` does not answer."""
    healthy_at: float = 0.0
    """On the monotonic clock; before it the server is starting."""
    calls_left: int | None = None
    """It dies with the call after these; None lives on."""
    die: Callable[[], None] = lambda: None
    """How it dies."""
    cache: PrefixCache = field(default_factory=PrefixCache)
    adapters: dict[str, Adapter] = field(default_factory=dict[str, Adapter])
    keeps_calls: bool = True
    calls: list[Call] = field(default_factory=list[Call])
    """Every chat call that arrived, where they are kept."""
    received: Counter[str] = field(default_factory=Counter[str])
    """Chat calls that arrived, by X-Request-Id."""
    answered: Counter[str] = field(default_factory=Counter[str])
    """Chat calls answered in full, by the model named in the answer."""
    usage: Counter[str] = field(default_factory=Counter[str])
    """Tokens: `prompt`, `cached`, `output`."""
    port: int = 0
    connections: set[asyncio.Transport] = field(default_factory=set[asyncio.Transport])
    running: int = 0
    waiting: deque[Callable[[], None]] = field(default_factory=deque[Callable[[], None]])
    loads: int = 0
    """Adapters loaded so far, ever."""

    @property
    def root(self) -> str:
        """The address without a path."""
        return f"http://{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """The base URL to put into a configuration."""
        return f"{self.root}/v1"

    def is_ready(self) -> bool:
        """Whether the start is over."""
        return self.health == "good" and time.monotonic() >= self.healthy_at

    def tell_health(self, connection: Connection) -> None:
        """Answer how it is, or nothing at all."""
        if self.health != "hung":
            connection.send(200 if self.is_ready() else 503, b"")

    def models(self, owner: str) -> dict[str, Any]:
        """The base and its adapters, as both engines list them."""
        card = {"object": "model", "created": 0, "owned_by": owner}
        cards: list[dict[str, Any]] = [
            {
                **card,
                "id": self.name,
                "root": self.path,
                "parent": None,
                "max_model_len": self.context_tokens,
            }
        ]
        cards += [
            {**card, "id": adapter.name, "root": adapter.path, "parent": self.name}
            for adapter in self.adapters.values()
        ]
        return {"object": "list", "data": cards}

    def load(self, name: str, path: str, identity: str) -> Refusal | None:
        """Take an adapter in; the refusal where it cannot be served."""
        read = read_adapter(name, path, most_rank=self.most_rank, identity=identity)
        if isinstance(read, Refusal):
            return read
        self.adapters[name] = read
        self.loads += 1
        return None

    def take(self, request: HttpRequest) -> Call | None:
        """Count a chat call and read it; None where it is not one."""
        identity = request.headers.get("x-request-id", "")
        self.received[identity] += 1
        if self.calls_left is not None:
            self.calls_left -= 1
            if self.calls_left < 0:
                self.die()
        try:
            body = msgspec.json.decode(request.raw, type=dict[str, Any])
        except msgspec.DecodeError:
            return None
        authorization = request.headers.get("authorization", "")
        call = Call(identity=identity, body=body, authorization=authorization)
        if self.keeps_calls:
            self.calls.append(call)
        return call if body.get("messages") else None

    def too_long(self, body: Mapping[str, Any]) -> tuple[int, int] | None:
        """Prompt and answer tokens of a request that does not fit the context."""
        prompt = tokens_of(rendered(body["messages"]))
        wanted = most_tokens(body) or 1
        return (prompt, wanted) if prompt + wanted > self.context_tokens else None

    def generate(
        self, body: Mapping[str, Any], adapter: Adapter | None, *, keeps_stop: bool
    ) -> Generated:
        """Answer a chat call, and count its tokens."""
        whose = "base" if adapter is None else f"adapter {adapter.identity}"
        generated = generate(
            body,
            answer=self.answer,
            cache=self.cache,
            space=f"{whose} salt {body.get('cache_salt') or ''}",
            content=None if adapter is None else adapter.content,
            keeps_stop=keeps_stop,
        )
        self.usage["prompt"] += generated.prompt_tokens
        self.usage["cached"] += generated.cached_tokens
        self.usage["output"] += generated.output_tokens
        return generated

    def work(self, connection: Connection, make: Callable[[], dict[str, Any]]) -> None:
        """Answer with what `make` gives, after the delay and when its turn has come."""

        def begin() -> None:
            self.running += 1
            connection.on_gone = self._leave
            loop = asyncio.get_running_loop()
            connection.timer = loop.call_later(self.delay_seconds, end)

        def end() -> None:
            said = make()
            self.answered[said["model"]] += 1
            connection.send_json(200, said)
            self._leave()

        def turn() -> None:
            if connection.transport is not None:
                begin()

        if self.running < self.most_running:
            begin()
        else:
            self.waiting.append(turn)

    def _leave(self) -> None:
        self.running -= 1
        while self.waiting and self.running < self.most_running:
            self.waiting.popleft()()


def table(raw: bytes) -> dict[str, Any]:
    """A body that should be a JSON object; empty where it is none."""
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def prometheus(kind: str, name: str, value: float, model: str) -> str:
    """One metric in the text form of Prometheus."""
    labels = f'{{engine="0",model_name="{model}"}}'
    return f"# TYPE {name} {kind}\n{name}{labels} {float(value)}\n"
