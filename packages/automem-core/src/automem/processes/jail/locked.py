"""A cell that is a locked CPython process."""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import anyio
from anyio.lowlevel import RunVar

from automem.errors import CodeFault, JailError
from automem.processes.jail.cell import Broken
from automem.processes.jail.inside.serve import VALUE
from automem.processes.jail.levels import argv_of
from automem.processes.jail.process import JailedProcess, start
from automem.processes.jail.replies import cleaned, value_of
from automem.records.jail import JailLevel, JailLimits

_MARSHAL_VERSION: Final = 2
"""Later ones look for objects that occur twice, which costs more than it saves here."""
_STARTS_AT_ONCE: Final = 2
_STARTS: Final = RunVar[anyio.CapacityLimiter]("automem_jail_starts")
"""Of the event loop: starting is the costly moment, and many episodes begin at once."""


@dataclass(slots=True)
class LockedCell:
    """One process; see `Cell`."""

    source: str
    name: str
    level: JailLevel
    limits: JailLimits
    readable: Sequence[Path]
    log: Path
    landlock: int = 0
    _process: JailedProcess | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, or of bubblewrap around it."""
        return None if self._process is None else self._process.pid

    async def start(self) -> frozenset[str]:
        """See `Cell`."""
        argv = argv_of(self.level, self.limits, self.readable)
        async with _starts():
            try:
                self._process = start(
                    argv,
                    log=self.log,
                    reply_bytes=self.limits.reply_bytes,
                    clocked=self.level != "bubblewrap",
                )
                status, payload = await self._process.exchange(
                    b"", self.limits.load_seconds, wait=True
                )
            except OSError as error:
                raise JailError(f"the jail of {self.name} cannot be started: {error}") from error
            except Broken as broken:
                where = f"the jail of {self.name} at level '{self.level}' did not start"
                raise JailError(f"{where}: {broken}; its log is {self.log}") from broken
        if status != VALUE:
            said = cleaned(payload.decode("utf-8", "replace"))
            raise JailError(f"the jail at level '{self.level}' cannot be locked: {said}")
        ready = value_of(self.name, "the jail", status, payload)
        self.landlock = cast("dict[str, int]", ready)["landlock"]
        seconds = self.limits.load_seconds
        names = await self._ask("load", self.source, self.name, "the module", seconds, wait=True)
        if not isinstance(names, list):
            raise CodeFault(f"{self.name}: its functions are no list", kind="invalid")
        return frozenset(str(name) for name in cast("list[object]", names))

    async def call(self, function: str, arguments: tuple[object, ...]) -> object:
        """See `Cell`. Raises TypeError if an argument is of no JSON-like type."""
        seconds = self.limits.call_seconds
        return await self._ask("call", function, arguments, function, seconds, wait=False)

    async def end(self) -> None:
        """See `Cell`."""
        process, self._process = self._process, None
        if process is not None:
            await process.end()

    async def _ask(
        self, verb: str, first: str, second: object, what: str, seconds: float, *, wait: bool
    ) -> object:
        process = cast("JailedProcess", self._process)
        asked: Any = (process.next_number(), verb, first, second)
        try:
            request = marshal.dumps(asked, _MARSHAL_VERSION)
        except ValueError as error:
            raise TypeError(f"an argument of {what} is of no JSON-like type") from error
        if verb == "call" and len(request) > self.limits.request_bytes:
            text = f"{len(request)} bytes of arguments; {self.limits.request_bytes} are allowed"
            raise CodeFault(f"{self.name}, in {what}: {text}", kind="too_large")
        status, payload = await process.exchange(request, seconds, wait=wait)
        if status == VALUE and len(payload) > self.limits.reply_bytes:
            # Our worker would have said so; who speaks in its name is ended.
            raise Broken(f"it returned {len(payload)} bytes past its own limit", "too_large")
        return value_of(self.name, what, status, payload)


def _starts() -> anyio.CapacityLimiter:
    try:
        return _STARTS.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(_STARTS_AT_ONCE)
        _STARTS.set(limiter)
        return limiter
