"""Answers from any server with an OpenAI-style chat endpoint: vLLM, SGLang, hosted services.

One small aiohttp session makes one attempt a call; queue, retries, deadline and accounting are
the router's. The deadline reaches the attempt as cancellation, which closes the connection, so
that the engine stops working on an answer nobody waits for.

aiohttp takes 0.2 s to import, so it is imported with the first call.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from automem.errors import ConfigError, ModelError
from automem.records._struct import Record
from automem.records.model import ModelReply, ModelRequest
from automem_backends.chat import Engine, MaxTokensField, body_of, failure_of, reply_of
from automem_backends.replicas import Replica, Replicas

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 10.0
"""A server that does not take the connection by then is unreachable; another replica may."""
LARGEST_REPLY_BYTES = 16 * 1024 * 1024
LARGEST_ERROR_BYTES = 64 * 1024
_BLOCK_BYTES = 256 * 1024


class OpenAICompatibleOptions(Record):
    """Keys of a `[roles.*]` section with `backend = "openai-compatible"`."""

    base_url: str | tuple[str, ...]
    """`http://127.0.0.1:8000/v1`, or several replicas of one server, used in turn."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key; None sends no key."""
    engine: Engine = "openai"
    """`vllm` and `sglang` are also asked to keep the stop string; SGLang names adapters its way."""
    max_tokens_field: MaxTokensField = "max_tokens"
    """Newer hosted models want `max_completion_tokens`."""
    attempt_seconds: Annotated[float, Meta(gt=0.0, le=1e9)] | None = None
    """Longest single attempt; None gives it all that is left of `timeout_seconds`."""
    extra_body: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """Further fields of every request, such as `chat_template_kwargs`; they come last and win."""
    inconsequential: ClassVar[tuple[str, ...]] = ("base_url", "api_key_env", "attempt_seconds")
    """What cannot change an answer, so that an evaluation stays the same on another server."""


@dataclass(slots=True, repr=False)
class OpenAICompatible:
    """A client of one model behind one or more base URLs."""

    model: str | None
    adapter: str | None
    options: OpenAICompatibleOptions
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    replicas: Replicas = field(init=False)
    _served: str = field(init=False)
    _key: str | None = field(default=None, init=False)
    _session: aiohttp.ClientSession | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not self.model:
            raise ConfigError(
                "backend openai-compatible needs `model`: the name the server lists under "
                "/v1/models, such as the one given to `vllm serve`"
            )
        urls = self.options.base_url
        self.replicas = Replicas.of((urls,) if isinstance(urls, str) else urls)
        self._key = self._read_key()
        self._served = self.model
        if self.adapter is not None:
            sglang = self.options.engine == "sglang"
            self._served = f"{self.model}:{self.adapter}" if sglang else self.adapter

    def __repr__(self) -> str:
        return f"OpenAICompatible({self._served!r} at {', '.join(self.replicas.urls)})"

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Make one attempt at the next replica that works."""
        body = body_of(
            request,
            model=self._served,
            engine=self.options.engine,
            max_tokens_field=self.options.max_tokens_field,
            extra=self.options.extra_body,
        )
        replica = self.replicas.next()
        try:
            reply = await self._post(replica, body, request)
        except ModelError as error:
            if error.retryable:
                self.replicas.failed(replica)
            raise
        self.replicas.worked(replica)
        return reply

    async def aclose(self) -> None:
        """Close the session; may be called twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, replica: Replica, body: bytes, request: ModelRequest) -> ModelReply:
        import aiohttp

        headers = {"X-Request-Id": request.identity} if request.identity else {}
        try:
            async with self._opened().post(
                replica.chat_url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                good = answer.status == 200
                cap = LARGEST_REPLY_BYTES if good else LARGEST_ERROR_BYTES
                raw, is_whole = await _read(answer, cap)
                status, retry_after = answer.status, answer.headers.get("Retry-After")
        except TimeoutError as error:
            raise ModelError(f"{replica.url} did not answer in time", retryable=True) from error
        except (aiohttp.ClientError, OSError) as error:
            said = f"{type(error).__name__}: {error}"
            raise ModelError(
                f"the connection to {replica.url} failed: {said}", retryable=True
            ) from error
        if good and not is_whole:
            raise ModelError(
                f"{replica.url} sent more than {LARGEST_REPLY_BYTES} bytes for one answer; "
                "lower max_tokens or check what serves this address"
            )
        if good:
            return reply_of(raw, replica.url, request.sampling.stop, self._key)
        raise failure_of(
            status,
            raw,
            url=replica.url,
            model=self._served,
            retry_after=retry_after,
            key=self._key,
            key_name=self.options.api_key_env,
        )

    def _opened(self) -> aiohttp.ClientSession:
        """The session, made within the running loop on first use."""
        if self._session is None:
            import aiohttp

            headers = {"Content-Type": "application/json"}
            if self._key is not None:
                headers["Authorization"] = f"Bearer {self._key}"
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=headers,
                timeout=aiohttp.ClientTimeout(
                    total=self.options.attempt_seconds, sock_connect=CONNECT_SECONDS
                ),
            )
        return self._session

    def _read_key(self) -> str | None:
        name = self.options.api_key_env
        if name is None:
            return None
        key = self.environ.get(name, "").strip()
        if not key:
            raise ConfigError(
                f"api_key_env names the environment variable {name}, which is not set; "
                f"set it, or remove api_key_env if the server asks for no key"
            )
        if not (key.isascii() and key.isprintable()):
            raise ConfigError(
                f"the environment variable {name} holds a line break or another character that no "
                "key has; set it anew"
            )
        return key


async def _read(answer: aiohttp.ClientResponse, cap: int) -> tuple[bytes, bool]:
    """The body up to `cap` bytes, and whether that is all of it."""
    content = bytearray()
    async for block in answer.content.iter_chunked(_BLOCK_BYTES):
        content += block
        if len(content) > cap:
            return bytes(content[:cap]), False
    return bytes(content), True
