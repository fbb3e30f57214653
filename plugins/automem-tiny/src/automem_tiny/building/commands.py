"""Commands of a build: modules of this package that run as processes of their own."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import anyio

from automem.processes.child import Child, child
from automem.processes.tail import Tail, last_lines
from automem.tasks import beside
from automem_tiny.building.errors import BuildError

GRACE_SECONDS: Final = 20.0
"""For a training to end its step and to write its state down."""
_LOOK_SECONDS: Final = 0.5
_EPISODE: Final = re.compile(r": \d+ steps, ")
_STEP: Final = re.compile(r"step (\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Command:
    """One module with arguments."""

    name: str
    module: str
    """Within `automem_tiny`."""
    arguments: tuple[str | Path, ...]
    makes: Path
    """Written whole or not at all; there means that it need not run."""
    episodes: int = 0
    """That it plays; it says a line of each."""
    torch: bool = False
    """Whether it runs in the interpreter that has torch."""

    def share(self, said: str) -> float:
        """How much of it is done, from all that it has said."""
        if self.episodes:
            return min(1.0, len(_EPISODE.findall(said)) / self.episodes)
        steps = _STEP.findall(said)
        return int(steps[-1][0]) / int(steps[-1][1]) if steps else 0.0


Tell = Callable[[float, str], None]
"""Is given the share of a command that is done, and the last line of what it says."""


class Runner(Protocol):
    """Who runs commands."""

    async def run(self, command: Command, tell: Tell) -> None:
        """Run one to its end. Raises BuildError if it fails."""
        ...


@dataclass(frozen=True, slots=True)
class Children:
    """Runs commands as children, which end with this process."""

    torch: str
    """The Python with torch."""
    source: Path
    """A folder that holds this package and nothing else: torch's Python has no copy of it, and
    must not find other packages of this one before its own."""
    logs: Path
    lock: int
    """An open file that no other build may lock while a child has it."""

    async def run(self, command: Command, tell: Tell) -> None:
        """See `Runner.run`."""
        python = self.torch if command.torch else sys.executable
        argv = [python, "-m", "automem_tiny.building.companion", f"automem_tiny.{command.module}"]
        argv += map(str, command.arguments)
        log = self.logs / f"{command.name}.log"
        tail = Tail.at_end(log)
        # Sets of texts are ordered by their hashes: nothing may depend on them by mistake.
        env = {"PYTHONUNBUFFERED": "1", "PYTHONHASHSEED": "0"}
        if command.torch:
            env["PYTHONPATH"] = str(self.source)
        async with (
            child(
                argv, log=log, env=env, grace_seconds=GRACE_SECONDS, pass_fds=(self.lock,)
            ) as running,
            beside(partial(_watch, command, tail, tell)),
        ):
            code = await _wait(running)
        if code:
            raise BuildError(
                f"{command.name} failed with {code}; its log is {log} and ends so:"
                f"{last_lines(tail.text())}"
            )
        if not command.makes.exists():
            raise BuildError(f"{command.name} ended without {command.makes}; its log is {log}")


async def _wait(running: Child) -> int:
    async for _ in running.stdout:
        pass  # said again in the files that it makes
    return await running.process.wait()


async def _watch(command: Command, tail: Tail, tell: Tell) -> None:
    while True:
        await anyio.sleep(_LOOK_SECONDS)
        if line := tail.last_line():
            tell(command.share(tail.text()), line)
