"""How long to wait for jailed code: by the wall clock, unless the machine kept it waiting.

On a busy machine a process may not run for longer than a whole call may take. Code that was kept
from computing is not at fault, so it is waited for further, up to a fixed multiple.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from automem.processes.jail.cell import Broken

MOST_TIMES: Final = 10
"""The limit of a call times this is waited for in any case, and no longer."""
_PROCESS_CLOCK: Final = 2
"""`CPUCLOCK_SCHED`; Linux makes the number of a process's clock of it and of the process's own."""


class Patience:
    """The time one exchange may take; `pid` None has no clock to read."""

    __slots__ = ("_deadline", "_last", "_pid", "_seconds", "_used")

    def __init__(self, seconds: float, pid: int | None) -> None:
        now = time.monotonic()
        self._seconds = seconds
        self._deadline = now + seconds
        self._last = now + seconds * MOST_TIMES
        self._pid = pid
        self._used: float | None = None

    async def wait(self, ready: Callable[[int], Awaitable[None]], descriptor: int) -> None:
        """Until the descriptor is ready. Raises Broken when the time is over."""
        if self._used is None:
            # Not at the beginning: most replies come before anyone has to wait.
            self._used = computed_seconds(self._pid)
        while True:
            try:
                with anyio.fail_after(self._deadline - time.monotonic()):
                    await ready(descriptor)
            except TimeoutError as error:
                if not self._extended():
                    raise Broken(f"it took more than {self._seconds:g} s", "timeout") from error
            else:
                return

    def _extended(self) -> bool:
        """Grant what it did not get of its time."""
        computed = computed_seconds(self._pid)
        now = time.monotonic()
        if computed is None or self._used is None or now >= self._last:
            return False
        missing = self._seconds - (computed - self._used)
        if missing < self._seconds / 10:
            return False
        self._deadline = min(now + missing, self._last)
        return True


def computed_seconds(pid: int | None) -> float | None:
    """What the process has computed so far; None where that cannot be known."""
    if pid is None:
        return None
    try:
        return time.clock_gettime((~pid << 3) | _PROCESS_CLOCK)
    except OSError:
        return None
