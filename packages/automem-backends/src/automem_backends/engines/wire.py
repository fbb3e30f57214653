"""What AutoMem asks of an engine beside conversations: its health, its models, its adapters."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from automem.errors import ServerError
from automem_backends.client import read_capped

if TYPE_CHECKING:
    import aiohttp

LOAD_SECONDS = 600.0
"""Longest an adapter may take to load, and a question of the probe to be answered."""
_LONGEST_WORDS = 500
_LARGEST_REPLY_BYTES = 4 << 20
"""More is no list of models, and no answer of a few tokens; the rest is not read."""


class _Card(msgspec.Struct, frozen=True):
    id: str = ""


class _Models(msgspec.Struct, frozen=True):
    data: tuple[_Card, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and body of an answer."""

    status: int
    raw: bytes

    @property
    def words(self) -> str:
        """The body as far as a message holds it."""
        return " ".join(self.raw.decode("utf-8", "replace").split())[:_LONGEST_WORDS]


@dataclass(frozen=True, slots=True)
class EngineWire:
    """One server of an engine, at the root of its address."""

    root: str
    _session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        """The base URL of its chat endpoint."""
        return f"{self.root}/v1"

    async def is_healthy(self, seconds: float) -> bool:
        """Whether it says within `seconds` that it can answer."""
        try:
            reply = await self._ask("GET", "/health", None, seconds)
        except ServerError:
            return False
        # What is no engine of these kinds may have no such path, and answers.
        return reply.status in (200, 404)

    async def models(self, seconds: float = 30.0) -> tuple[str, ...]:
        """The names it serves, adapters among them. Raises ServerError."""
        try:
            reply = await self._ask("GET", "/v1/models", None, seconds)
        except ServerError as error:
            raise ServerError(f"{error}; check that an engine runs there") from error
        if reply.status != 200:
            raise ServerError(
                f"{self.root}/v1/models answered {reply.status}: {reply.words}; check base_url "
                "and api_key_env"
            )
        try:
            return tuple(card.id for card in msgspec.json.decode(reply.raw, type=_Models).data)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ServerError(f"{self.root}/v1/models sent no list of models: {error}") from error

    async def post(
        self, path: str, body: Mapping[str, Any], seconds: float = LOAD_SECONDS
    ) -> Reply:
        """Ask for something. Raises ServerError if nothing comes back."""
        return await self._ask("POST", path, msgspec.json.encode(body), seconds)

    async def _ask(self, verb: str, path: str, body: bytes | None, seconds: float) -> Reply:
        import aiohttp

        address = f"{self.root}{path}"
        try:
            async with self._session.request(
                verb,
                address,
                data=body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as answer:
                raw, _ = await read_capped(answer, _LARGEST_REPLY_BYTES)
                return Reply(answer.status, raw)
        except TimeoutError as error:
            raise ServerError(f"{address} did not answer within {seconds:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            said = f"{type(error).__name__}: {error}"
            raise ServerError(f"the connection to {address} failed: {said}") from error


@asynccontextmanager
async def wires(key: str | None = None) -> AsyncGenerator[Wires]:
    """Connections to engines, closed at the end; `key` is sent with everything."""
    import aiohttp

    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    # A connection that is kept would be one to a server that has died since.
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        yield Wires(session)


@dataclass(frozen=True, slots=True)
class Wires:
    """Makes the wire to a server."""

    _session: aiohttp.ClientSession

    def to(self, url: str) -> EngineWire:
        """The server at a base URL, with or without `/v1`."""
        return EngineWire(url.rstrip("/").removesuffix("/v1"), self._session)
