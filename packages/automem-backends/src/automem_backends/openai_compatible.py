"""Answers from any server with an OpenAI-style chat endpoint: vLLM, SGLang, hosted services.

One attempt a call; queue, retries, deadline and accounting are the router's.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import anyio
import msgspec
from msgspec import Meta

from automem.errors import ConfigError, ModelError
from automem.records._struct import Record
from automem.records.model import ModelReply, ModelRequest
from automem_backends.chat import Engine, MaxTokensField, body_of, failure_of, reply_of
from automem_backends.client import Client, read_key
from automem_backends.replicas import Replica, Replicas


class OpenAICompatibleOptions(Record):
    """Keys of a `[roles.*]` section with `backend = "openai-compatible"`."""

    base_url: str | tuple[str, ...]
    """`http://127.0.0.1:8000/v1`, or several replicas of one server; an episode keeps to one."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key; None sends no key."""
    engine: Engine = "openai"
    """`vllm` and `sglang` are also asked to keep the stop string; SGLang names adapters its way."""
    max_tokens_field: MaxTokensField = "max_tokens"
    """Newer hosted models want `max_completion_tokens`."""
    attempt_seconds: Annotated[float, Meta(gt=0.0, le=1e9)] | None = None
    """Longest single attempt; None: what is left of `timeout_seconds`, half of it with replicas."""
    cache_salt: str | None = None
    """vLLM and SGLang share no cached prompt between salts; None shares all."""
    extra_body: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """Further fields of every request, such as `chat_template_kwargs`; they come last and win."""
    inconsequential: ClassVar[tuple[str, ...]] = (
        "base_url",
        "api_key_env",
        "attempt_seconds",
        "cache_salt",
    )
    """What cannot change an answer, so that an evaluation stays the same on another server."""


@dataclass(slots=True, repr=False)
class OpenAICompatible:
    """A client of one model behind one or more base URLs."""

    model: str | None
    adapter: str | None
    options: OpenAICompatibleOptions
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    replicas: Replicas = field(init=False)
    _client: Client = field(init=False)
    _served: str = field(init=False)
    _key: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not self.model:
            raise ConfigError(
                "backend openai-compatible needs `model`: the name the server lists under "
                "/v1/models, such as the one given to `vllm serve`"
            )
        options = self.options
        urls = options.base_url
        self.replicas = Replicas.of((urls,) if isinstance(urls, str) else urls)
        if options.api_key_env is not None:
            otherwise = "remove api_key_env if the server asks for no key"
            self._key = read_key(options.api_key_env, self.environ, otherwise)
        headers = {} if self._key is None else {"Authorization": f"Bearer {self._key}"}
        self._client = Client(headers, options.attempt_seconds)
        self._served = self.model
        if self.adapter is not None:
            sglang = options.engine == "sglang"
            self._served = f"{self.model}:{self.adapter}" if sglang else self.adapter

    def __repr__(self) -> str:
        return f"OpenAICompatible({self._served!r} at {', '.join(self.replicas.urls)})"

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Make one attempt at the replica of the request's episode, or at another that works."""
        body = body_of(
            request,
            model=self._served,
            engine=self.options.engine,
            max_tokens_field=self.options.max_tokens_field,
            cache_salt=self.options.cache_salt,
            extra=self.options.extra_body,
        )
        with self.replicas.chosen(request.episode) as replica:
            seconds = self._attempt_seconds()
            try:
                with anyio.fail_after(seconds if math.isfinite(seconds) else None):
                    return await self._post(replica, body, request)
            except TimeoutError as error:
                said = f"{replica.url} did not answer within {seconds:.0f} s"
                raise ModelError(said, retryable=True) from error

    async def aclose(self) -> None:
        """Close the session; may be called twice."""
        await self._client.aclose()

    def _attempt_seconds(self) -> float:
        """A replica that hangs takes half of what is left, so that another can still be asked."""
        if len(self.replicas.members) == 1 or self.options.attempt_seconds is not None:
            return math.inf
        return (anyio.current_effective_deadline() - anyio.current_time()) / 2.0

    async def _post(self, replica: Replica, body: bytes, request: ModelRequest) -> ModelReply:
        url = f"{replica.url}/chat/completions"
        answered = await self._client.post(url, body, shown=replica.url, identity=request.identity)
        if answered.status == 200:
            return reply_of(answered.raw, replica.url, request.sampling.stop, self._key)
        raise failure_of(
            answered.status,
            answered.raw,
            url=replica.url,
            model=self._served,
            retry_after=answered.retry_after,
            key=self._key,
            key_name=self.options.api_key_env,
        )
