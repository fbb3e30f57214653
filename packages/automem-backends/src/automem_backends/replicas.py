"""Several addresses of one server, used in turn; one that fails is left out for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from automem.errors import ConfigError

FIRST_REST_SECONDS = 1.0
"""After a first failure; doubled with each further one."""
LONGEST_REST_SECONDS = 60.0
_MOST_DOUBLINGS = 16
"""Beyond it the longest is reached, and far beyond it a float has no room."""


@dataclass(slots=True, eq=False)
class Replica:
    """One address."""

    url: str
    failures: int = 0
    """In a row."""
    rests_until: float = 0.0
    """On the clock of its Replicas."""

    @property
    def chat_url(self) -> str:
        """Where conversations are sent."""
        return f"{self.url}/chat/completions"


@dataclass(slots=True)
class Replicas:
    """Round robin over those that work."""

    members: tuple[Replica, ...]
    clock: Callable[[], float] = time.monotonic
    _turn: int = field(default=0, init=False)

    @classmethod
    def of(cls, urls: Sequence[str], clock: Callable[[], float] = time.monotonic) -> Replicas:
        """Check the addresses. Raises ConfigError."""
        if not urls:
            raise ConfigError("base_url is empty; name at least one, as http://127.0.0.1:8000/v1")
        for number, url in enumerate(urls, start=1):
            problem = _problem(url)
            if problem is not None:
                # The address itself is not repeated: what is wrong with it may be its key.
                raise ConfigError(f"base_url, address {number} of {len(urls)}, {problem}")
        return cls(tuple(Replica(url.rstrip("/")) for url in urls), clock)

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address."""
        return tuple(member.url for member in self.members)

    def next(self) -> Replica:
        """The next one in turn that does not rest; the one rested longest where all do."""
        now = self.clock()
        for _ in self.members:
            member = self.members[self._turn % len(self.members)]
            self._turn += 1
            if member.rests_until <= now:
                return member
        return min(self.members, key=lambda member: member.rests_until)

    def worked(self, replica: Replica) -> None:
        """It answered: it takes its turn again at once."""
        replica.failures = 0
        replica.rests_until = 0.0

    def failed(self, replica: Replica) -> None:
        """It could not be reached, or said that it cannot answer now."""
        rest = min(
            LONGEST_REST_SECONDS, FIRST_REST_SECONDS * 2.0 ** min(replica.failures, _MOST_DOUBLINGS)
        )
        replica.failures += 1
        replica.rests_until = self.clock() + rest


def _problem(url: str) -> str | None:
    """What keeps an address from being one."""
    if not url.startswith(("http://", "https://")):
        return "must begin with http:// or https://"
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        return f"is no address: {error}"
    if not has_host or not url.isprintable() or " " in url:
        return "is no address; write it as http://127.0.0.1:8000/v1"
    if parts.username is not None or parts.query or parts.fragment:
        return (
            "must end with its path, as http://127.0.0.1:8000/v1 does, and hold no user and no "
            "key; put the key into an environment variable and name that with api_key_env"
        )
    return None
