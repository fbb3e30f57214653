"""Model-written code behind a lock: loaded once, called often, started again where it fails."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
import structlog

from automem.errors import CodeFault, JailError
from automem.processes.jail.cell import Broken, Cell
from automem.processes.jail.levels import best_level
from automem.processes.jail.locked import LockedCell
from automem.processes.jail.monty import MontyCell
from automem.records.jail import JailLevel, JailLimits

_USUAL: Final = JailLimits()

log = structlog.get_logger()


@dataclass(slots=True)
class Jail:
    """Model-written code that can be called; `open_jail` makes it.

    Its global variables live from call to call, until it is started again. It is asked one thing
    at a time: calls made at once wait for one another.
    """

    name: str
    level: JailLevel
    limits: JailLimits
    functions: frozenset[str]
    """The names that can be called: what the source defines, without a leading underscore."""
    calls: int = 0
    faults: int = 0
    restarts: int = 0
    _make: Callable[[], Cell] = field(kw_only=True)
    _cell: Cell | None = field(kw_only=True)
    _turn: anyio.Lock = field(default_factory=lambda: anyio.Lock(fast_acquire=True))

    @property
    def pid(self) -> int | None:
        """Of its process, while one is running."""
        return None if self._cell is None else self._cell.pid

    @property
    def landlock(self) -> int:
        """The version of Landlock's interface that locks it; 0 is none."""
        return 0 if self._cell is None else self._cell.landlock

    async def call(self, function: str, *arguments: object) -> object:
        """What the function returns: None, bool, int, float, str, lists and dicts of those.

        Arguments are of the same types. Raises CodeFault, and TypeError if an argument is of
        another type, which is the caller's fault.
        """
        async with self._turn:
            self.calls += 1
            try:
                if function not in self.functions:
                    said = f"{self.name} defines no function '{function}'"
                    raise CodeFault(said, kind="invalid")
                return await self._call(function, arguments)
            except CodeFault as fault:
                self.faults += 1
                log.debug("code_fault", code=self.name, function=function, kind=fault.kind)
                raise

    async def _call(self, function: str, arguments: tuple[object, ...]) -> object:
        if self._cell is None:
            self.restarts += 1
            self._cell, self.functions = await _started(self._make, self.name)
        try:
            return await self._cell.call(function, arguments)
        except Broken as broken:
            await self.end()
            said = f"{self.name}, in {function}: {broken}"
            raise CodeFault(said, kind=broken.kind) from broken
        except anyio.get_cancelled_exc_class():
            # The reply that is still to come must not answer the next call.
            await self.end()
            raise

    async def end(self) -> None:
        """End its process; the next call starts another."""
        cell, self._cell = self._cell, None
        if cell is not None:
            await cell.end()


async def _started(make: Callable[[], Cell], name: str) -> tuple[Cell, frozenset[str]]:
    """A cell with the code loaded. Raises JailError, or CodeFault for the code."""
    cell = make()
    try:
        return cell, await cell.start()
    except Broken as broken:
        await cell.end()
        raise CodeFault(f"{name}, when it was loaded: {broken}", kind=broken.kind) from broken
    except BaseException:
        await cell.end()
        raise


@asynccontextmanager
async def open_jail(
    source: str,
    *,
    name: str,
    limits: JailLimits = _USUAL,
    level: JailLevel | None = None,
    readable: Sequence[Path] = (),
    log: Path,
) -> AsyncGenerator[Jail]:
    """Run `source` in a jail; leaving kills its process.

    `name` is the file name its messages use. `level` None is the best that this machine seems to
    offer; "none" must be asked for by name. What is at or below `readable` can be read, which
    needs Landlock. Raises CodeFault if the source does not load, JailError if there is no jail.
    """
    chosen = best_level() if level is None else level
    if readable and chosen not in ("bubblewrap", "landlock", "none"):
        raise JailError(f"the level '{chosen}' can let nothing be read; Landlock is needed")
    paths = tuple(path.resolve() for path in readable)

    def make() -> Cell:
        if chosen == "monty":
            return MontyCell(source, name, limits)
        return LockedCell(source, name, chosen, limits, paths, log)

    cell, functions = await _started(make, name)
    jail = Jail(name, chosen, limits, functions, _make=make, _cell=cell)
    try:
        yield jail
    finally:
        await jail.end()
