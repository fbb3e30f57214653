"""Answers from the Anthropic Messages API, spoken to directly: an SDK is slower at many calls.

One attempt a call; queue, retries, deadline and accounting are the router's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from automem.errors import ConfigError
from automem.records._struct import Record
from automem.records.model import ModelReply, ModelRequest
from automem_backends.anthropic_wire import Caching, advice, body_of, reply_of
from automem_backends.client import Client, read_key
from automem_backends.refusals import refusal_of
from automem_backends.replicas import Replicas

VERSION = "2023-06-01"
"""Of the API, as it asks to be told with each call."""


class AnthropicOptions(Record):
    """Keys of a `[roles.*]` section with `backend = "anthropic"`."""

    api_key_env: str = "ANTHROPIC_API_KEY"
    """Name of the environment variable that holds the key."""
    base_url: str = "https://api.anthropic.com"
    """Without `/v1`. Variables that SDKs take an address from are not looked at."""
    caching: Caching = "system"
    """What is written into the prompt cache: nothing, the system message, the conversation."""
    attempt_seconds: Annotated[float, Meta(gt=0.0, le=1e9)] | None = None
    """Longest single attempt; None gives it all that is left of `timeout_seconds`."""
    extra_body: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """Further fields of every request, such as `output_config`; they come last and win."""
    inconsequential: ClassVar[tuple[str, ...]] = (
        "api_key_env",
        "base_url",
        "caching",
        "attempt_seconds",
    )
    """What cannot change an answer, so that an evaluation stays the same."""


@dataclass(slots=True, repr=False)
class Anthropic:
    """A client of one model."""

    model: str | None
    adapter: str | None
    options: AnthropicOptions
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    _named: str = field(init=False)
    _url: str = field(init=False)
    _key: str = field(init=False)
    _client: Client = field(init=False)

    def __post_init__(self) -> None:
        if not self.model:
            raise ConfigError("backend anthropic needs `model`, such as 'claude-sonnet-5-5'")
        if self.adapter is not None:
            raise ConfigError(
                "backend anthropic has no adapters; remove `adapter` from the role, or name a "
                "backend that serves one"
            )
        options = self.options
        self._named = self.model
        self._url = Replicas.of((options.base_url,)).urls[0].removesuffix("/v1")
        otherwise = "name the variable that holds it with api_key_env"
        self._key = read_key(options.api_key_env, self.environ, otherwise)
        headers = {"x-api-key": self._key, "anthropic-version": VERSION}
        self._client = Client(headers, options.attempt_seconds)

    def __repr__(self) -> str:
        return f"Anthropic({self._named!r} at {self._url})"

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Make one attempt."""
        options = self.options
        body = body_of(
            request, model=self._named, caching=options.caching, extra=options.extra_body
        )
        answered = await self._client.post(
            f"{self._url}/v1/messages", body, shown=self._url, identity=request.identity
        )
        if answered.status == 200:
            return reply_of(answered.raw, self._url, self._key)
        raise refusal_of(
            answered.status,
            answered.raw,
            url=self._url,
            retry_after=answered.retry_after,
            key=self._key,
            advise=self._advise,
        )

    async def aclose(self) -> None:
        """Close the session; may be called twice."""
        await self._client.aclose()

    def _advise(self, status: int, words: str) -> str:
        return advice(status, words, model=self._named, key_name=self.options.api_key_env)
