"""One call, tried until it is answered or given up: every try counted, every wait timed.

The deadline covers the tries and the waits between them. The queue of the limiter is outside it:
how long a call stands there is a matter of how much else is asked, and a call must not fail for
having been patient. That wait has its own bound, since each call ahead of it has a deadline.

Neither does an engine that dies and is started again use up anything: a try that met its death
does not count, and the next one begins when it answers again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

import anyio
import msgspec

from automem.errors import ModelError
from automem.models.engines import Engine
from automem.models.limiter import AdaptiveLimiter
from automem.records.model import ModelReply, Role

Clock = Callable[[], float]
"""Seconds of a monotonic clock."""
Sleep = Callable[[float], Awaitable[None]]
OnRetry = Callable[[Role, int, float, ModelError], None]
"""Told of (role, number of the try that failed, seconds until the next one, its error)."""

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0
"""Of our own backoff; a server may ask for longer."""
_MOST_DOUBLINGS = 16
"""Beyond it the longest is reached, and far beyond it a float has no room."""
LAST_TRY_SECONDS = 30.0
"""A wait leaves the next try this much of the deadline, or half of what remains if that is less."""
OVERLOADED = frozenset({429, 503, 529})
"""Statuses by which a server says that it has too much to do."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often a call is tried."""

    timeout_seconds: float
    retries: int
    random: Random = field(default_factory=Random)
    """Draws the jitter, so that calls refused together do not come back together."""
    clock: Clock = time.monotonic
    sleep: Sleep = anyio.sleep


def backoff_seconds(tries: int, random: Random) -> float:
    """Exponential backoff with full jitter after `tries` failed tries."""
    ceiling = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(tries - 1, _MOST_DOUBLINGS))
    return random.uniform(0.0, ceiling)


def wait_seconds(tries: int, error: ModelError, left: float, random: Random) -> float:
    """How long to wait before the next try.

    What the server asked for, if it did, with the jitter added so that not everybody comes at
    that very moment; cut so that `left` seconds of deadline still hold a try.
    """
    wanted = (error.retry_after_seconds or 0.0) + backoff_seconds(tries, random)
    return max(0.0, min(wanted, left - min(left / 2.0, LAST_TRY_SECONDS)))


@dataclass(slots=True)
class Attempts:
    """The tries of one call."""

    role: Role
    patience: Patience
    limiter: AdaptiveLimiter
    on_retry: OnRetry | None = None
    engine: Engine | None = None
    """The one behind the model, where it is known."""
    count: int = 0
    """Tries begun that count."""
    spent: float = 0.0
    """Seconds of the deadline used up."""

    async def run(self, attempt: Callable[[], Awaitable[ModelReply]]) -> ModelReply:
        """Try until there is a reply; its `seconds`, `waited_seconds` and `retries` are set here.

        Raises ModelError, the last try's own, when it is not retryable, when the tries are used
        up or when the deadline has passed; ServerError when the engine is down for good.
        """
        clock = self.patience.clock
        asked = clock()
        while True:
            deaths = await self._deaths_when_ready()
            began, outcome = await self._try(attempt)
            ended = clock()
            if isinstance(outcome, ModelError) and await self._met_a_death(outcome, deaths):
                self.count -= 1
                continue
            self.spent += ended - began
            if isinstance(outcome, ModelReply):
                return msgspec.structs.replace(
                    outcome,
                    seconds=ended - began,
                    waited_seconds=began - asked,
                    retries=self.count - 1,
                )
            await self._wait_or_give_up(outcome)

    async def _deaths_when_ready(self) -> int:
        if self.engine is None:
            return 0
        await self.engine.ready()
        return self.engine.deaths

    async def _met_a_death(self, error: ModelError, deaths: int) -> bool:
        if self.engine is None or not error.retryable or error.status in OVERLOADED:
            return False
        return await self.engine.has_died(deaths)

    async def _try(
        self, attempt: Callable[[], Awaitable[ModelReply]]
    ) -> tuple[float, ModelReply | ModelError]:
        """One try within the limiter; when it began, and what came of it."""
        call_round = await self.limiter.acquire()
        self.count += 1
        began = self.patience.clock()
        left = self.patience.timeout_seconds - self.spent
        try:
            with anyio.fail_after(left if math.isfinite(left) else None):
                reply = await attempt()
        except TimeoutError:
            self.limiter.failed()
            deadline = f"the deadline of {self.patience.timeout_seconds:g} s has passed"
            return began, ModelError(deadline, retryable=True)
        except ModelError as error:
            if error.status in OVERLOADED:
                self.limiter.refused(call_round)
            else:
                self.limiter.failed()
            return began, error
        except BaseException:
            self.limiter.failed()
            raise
        self.limiter.succeeded(call_round)
        return began, reply

    async def _wait_or_give_up(self, error: ModelError) -> None:
        left = self.patience.timeout_seconds - self.spent
        if not error.retryable or self.count > self.patience.retries or left <= 0.0:
            raise error
        seconds = wait_seconds(self.count, error, left, self.patience.random)
        if self.on_retry is not None:
            self.on_retry(self.role, self.count, seconds, error)
        began = self.patience.clock()
        await self.patience.sleep(seconds)
        self.spent += self.patience.clock() - began
