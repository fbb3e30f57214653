"""One HTTP session to the servers that answer: a deadline, caps on what is read, failures told.

The router's deadline reaches an attempt as cancellation, which closes the connection, so that the
engine stops working on an answer nobody waits for. aiohttp takes 0.2 s to import, so it is
imported with the first call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from automem.errors import ConfigError, ModelError
from automem.records._struct import Record

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 10.0
"""A server that does not take the connection by then is unreachable; another replica may."""
LARGEST_REPLY_BYTES = 16 * 1024 * 1024
LARGEST_ERROR_BYTES = 64 * 1024
_BLOCK_BYTES = 256 * 1024


class Answered(Record):
    """What a server sent back."""

    status: int
    raw: bytes
    """At most `LARGEST_ERROR_BYTES` of it where the status is not 200."""
    retry_after: str | None = None
    """The header, as it came."""


@dataclass(slots=True, repr=False)
class Client:
    """Posts JSON, one attempt a call."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Sent with every call; holds the key where there is one, and is never shown."""
    attempt_seconds: float | None = None
    """Longest single attempt."""
    _session: aiohttp.ClientSession | None = field(default=None, init=False)

    async def post(self, url: str, body: bytes, *, shown: str, identity: str = "") -> Answered:
        """Send a body and read the answer, whatever its status. Raises ModelError without one.

        `shown` is how messages call the server; `identity` goes into its logs.
        """
        import aiohttp

        headers = {"X-Request-Id": identity} if identity else {}
        try:
            async with self._opened().post(
                url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                good = answer.status == 200
                cap = LARGEST_REPLY_BYTES if good else LARGEST_ERROR_BYTES
                raw, is_whole = await read_capped(answer, cap)
                status, retry_after = answer.status, answer.headers.get("Retry-After")
        except TimeoutError as error:
            raise ModelError(f"{shown} did not answer in time", retryable=True) from error
        except (aiohttp.ClientError, OSError) as error:
            cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
            if isinstance(cause, ConnectionRefusedError):
                raise ModelError(
                    f"nothing listens at {shown}: start the server, or correct the address",
                    retryable=True,
                ) from error
            said = f"{type(error).__name__}: {error}"
            raise ModelError(f"the connection to {shown} failed: {said}", retryable=True) from error
        if good and not is_whole:
            raise ModelError(
                f"{shown} sent more than {LARGEST_REPLY_BYTES} bytes for one answer; "
                "lower max_tokens or check what serves this address"
            )
        return Answered(status=status, raw=raw, retry_after=retry_after)

    async def aclose(self) -> None:
        """Close the session; may be called twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """The session, made within the running loop on first use."""
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Content-Type": "application/json", **self.headers},
                timeout=aiohttp.ClientTimeout(
                    total=self.attempt_seconds, sock_connect=CONNECT_SECONDS
                ),
            )
        return self._session


def read_key(name: str, environ: Mapping[str, str], otherwise: str) -> str:
    """The key in an environment variable. Raises ConfigError, which never holds it.

    `otherwise` is what else to do where the variable is not set.
    """
    key = environ.get(name, "").strip()
    if not key:
        raise ConfigError(
            f"api_key_env names the environment variable {name}, which is not set; "
            f"set it, or {otherwise}"
        )
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(
            f"the environment variable {name} holds a line break or another character that no "
            "key has; set it anew"
        )
    return key


async def read_capped(answer: aiohttp.ClientResponse, cap: int) -> tuple[bytes, bool]:
    """The body up to `cap` bytes, and whether that is all of it."""
    content = bytearray()
    async for block in answer.content.iter_chunked(_BLOCK_BYTES):
        content += block
        if len(content) > cap:
            return bytes(content[:cap]), False
    return bytes(content), True
