"""Several addresses of one server: an episode keeps to one, load is spread, a dead one rests.

Every call of an episode begins with the same text, and goes on where the one before ended. So it
is asked where that text is cached already, unless that replica is much busier than another.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from automem.errors import ConfigError, ModelError

FIRST_REST_SECONDS = 1.0
"""After a first failure; doubled with each further one."""
LONGEST_REST_SECONDS = 60.0
SLACK = 16
"""An episode moves away from a replica with this many calls more under way than another has."""
MOST_EPISODES = 65_536
"""Whose replica is remembered; beyond it the one that was silent longest is forgotten."""
_MOST_DOUBLINGS = 16
"""Beyond it the longest is reached, and far beyond it a float has no room."""


@dataclass(slots=True, eq=False)
class Replica:
    """One address."""

    url: str
    in_flight: int = 0
    """Calls it works on for us."""
    failures: int = 0
    """In a row."""
    rests_until: float = 0.0
    """On the clock of its Replicas."""


@dataclass(slots=True)
class Replicas:
    """Those that work, the least busy first."""

    members: tuple[Replica, ...]
    clock: Callable[[], float] = time.monotonic
    _turn: int = field(default=0, init=False)
    """Who comes first among equals."""
    _homes: OrderedDict[str, Replica] = field(default_factory=OrderedDict[str, Replica], init=False)

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

    @contextmanager
    def chosen(self, episode: str = "") -> Generator[Replica]:
        """The replica for one call of an episode; what comes of the call says how it is.

        A retryable ModelError makes it rest, and so does a call that is broken off: one that
        hangs is broken off by the deadline.
        """
        replica = self.next(episode)
        replica.in_flight += 1
        try:
            yield replica
        except ModelError as error:
            if error.retryable:
                self.failed(replica)
            else:
                self.worked(replica)
            raise
        except BaseException:
            self.failed(replica)
            raise
        else:
            self.worked(replica)
        finally:
            replica.in_flight -= 1

    def next(self, episode: str = "") -> Replica:
        """The episode's own replica, or the least busy one that does not rest, by turns.

        Where all rest, the one whose rest ends first.
        """
        awake = self._awake()
        if not awake:
            return min(self.members, key=lambda member: member.rests_until)
        least = min(member.in_flight for member in awake)
        home = self._homes.get(episode)
        if home is None or home not in awake or home.in_flight >= least + SLACK:
            home = next(member for member in awake if member.in_flight == least)
            self._turn = self.members.index(home) + 1
        if episode:
            self._homes[episode] = home
            self._homes.move_to_end(episode)
            if len(self._homes) > MOST_EPISODES:
                self._homes.popitem(last=False)
        return home

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

    def _awake(self) -> list[Replica]:
        """Those that may be asked, in turn. One that failed is tried again by one call alone."""
        now = self.clock()
        start = self._turn % len(self.members)
        ordered = self.members[start:] + self.members[:start]
        return [
            member
            for member in ordered
            if member.rests_until <= now and (member.failures == 0 or member.in_flight == 0)
        ]


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
