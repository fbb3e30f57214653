"""How many calls are under way at once: found by trying, cut when the server says it is too many.

The window behaves like a network connection's. Slow start: each answer widens it by one, so it
doubles with every round trip. From the first cut on it grows by one a round. A refusal for load
cuts it to `CUT`, but only once a round: the other calls of the same round were sent before the
cut and say nothing new. It begins at 64, because the usual server is the user's own engine, which
queues by itself; at 64 a full window of 500 calls is reached in three round trips, and a hosted
service that finds 64 too many says so with a 429 that costs one wait.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import anyio

FIRST_WINDOW = 64
"""Calls at once before anything is known of the server."""
LARGEST_WINDOW = 4096
"""However well it goes; beyond it a host runs out of connections, not a server of capacity."""
CUT = 0.5
"""What is left of the window after a refusal for load."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """One caller in the queue."""

    event: anyio.Event
    granted: bool = False


@dataclass(slots=True)
class AdaptiveLimiter:
    """A window over the calls to one endpoint; first come, first served, safe under cancellation.

    `most` is a cap the user set. Use: `round = await limiter.acquire()`, make the call, then
    exactly one of `succeeded(round)`, `refused(round)` (429, 503) or `failed()`.
    """

    most: int | None = None
    window: float = field(init=False)
    """Calls allowed at once; fractions accumulate during additive growth."""
    in_flight: int = field(default=0, init=False)
    _slow_start: bool = field(default=True, init=False)
    _round: int = field(default=0, init=False)
    _queue: deque[_Waiting] = field(default_factory=deque[_Waiting], init=False)

    def __post_init__(self) -> None:
        self.window = float(min(FIRST_WINDOW, self.largest))

    @property
    def largest(self) -> int:
        """The widest the window may become."""
        return LARGEST_WINDOW if self.most is None else min(self.most, LARGEST_WINDOW)

    @property
    def waiting(self) -> int:
        """Callers in the queue."""
        return len(self._queue)

    async def acquire(self) -> int:
        """Wait for a place in the window; returns the round the call belongs to."""
        if not self._queue and self.in_flight < int(self.window):
            self.in_flight += 1
            return self._round
        place = _Waiting(event=anyio.Event())
        self._queue.append(place)
        try:
            await place.event.wait()
        except BaseException:
            if place.granted:
                self.failed()
            else:
                self._queue.remove(place)
            raise
        return self._round

    def succeeded(self, call_round: int) -> None:
        """Give the place back after an answer. Only a window in full use grows.

        An answer to a call sent before the last cut (`call_round`) does not grow it: it tells of
        the load before.
        """
        is_full = self.in_flight >= int(self.window)
        if is_full and call_round == self._round:
            grown = self.window + (1.0 if self._slow_start else 1.0 / self.window)
            self.window = min(grown, float(self.largest))
        self._leave()

    def refused(self, call_round: int) -> None:
        """Give the place back after a refusal for load; a round's first one cuts the window."""
        if call_round == self._round:
            self._round += 1
            self._slow_start = False
            # What is under way, not the window, is what the server found too much.
            self.window = max(1.0, min(self.window, float(self.in_flight)) * CUT)
        self._leave()

    def failed(self) -> None:
        """Give the place back after a failure that says nothing of the load."""
        self._leave()

    def _leave(self) -> None:
        self.in_flight -= 1
        while self._queue and self.in_flight < int(self.window):
            place = self._queue.popleft()
            place.granted = True
            self.in_flight += 1
            place.event.set()
