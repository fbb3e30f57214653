"""The folder of a set-up: made under another name, locked, and complete once it is there."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from automem.errors import SetupError
from automem.files import write_json
from automem.home import home
from automem.records.setup import AnySetup, Interpreter, Made

WAIT_SECONDS = 3 * 3600.0
"""How long to wait for another process that makes the same thing."""
_LOOK_SECONDS = 0.2

Tell = Callable[[str], None]
"""Is given one line at a time for the person who waits."""


@dataclass(frozen=True, slots=True)
class Place:
    """Every path that belongs to one set-up."""

    name: str
    root: Path
    kind: Literal["interpreter", "data"]

    @property
    def folder(self) -> Path:
        """The finished thing."""
        return self.root / ("interpreters" if self.kind == "interpreter" else "data") / self.name

    @property
    def part(self) -> Path:
        """Where it is while it is made."""
        return self.folder.with_name(f".{self.name}.part")

    @property
    def old(self) -> Path:
        """What it replaces or removes, on its way out."""
        return self.folder.with_name(f".{self.name}.old")

    @property
    def lock(self) -> Path:
        """Held by who makes or removes it."""
        return self.folder.with_name(f".{self.name}.lock")

    @property
    def record(self) -> Path:
        """What it was made from."""
        return self.folder / "setup.json"

    @property
    def python(self) -> Path:
        """The program of an interpreter."""
        return self.folder / "bin" / "python"

    @property
    def log(self) -> Path:
        """What was said while it was made last."""
        return self.root / "logs" / f"setup-{self.name}.log"

    @contextmanager
    def locked(self, tell: Tell, wait_seconds: float = WAIT_SECONDS) -> Generator[int]:
        """Keep others from making it; gives the descriptor that holds the lock.

        A child that inherits the descriptor holds the lock as well, so what outlives a killed
        set-up is waited for. Raises SetupError if another process takes hours.
        """
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            self._wait(handle, tell, wait_seconds)
            yield handle
        finally:
            os.close(handle)

    def _wait(self, handle: int, tell: Tell, wait_seconds: float) -> None:
        until = time.monotonic() + wait_seconds
        told = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise SetupError(
                        f"another process holds {self.lock} and does not finish; end it, or look "
                        f"at {self.log}"
                    ) from None
                if not told:
                    tell(f"another process is at work on '{self.name}'; waiting for it")
                    told = True
                time.sleep(_LOOK_SECONDS)
            else:
                return

    @contextmanager
    def making(self) -> Generator[Path]:
        """An empty folder that takes the place when the body is done; only under the lock.

        Where the body fails, what was there before stays.
        """
        for leftover in (self.part, self.old):
            shutil.rmtree(leftover, ignore_errors=True)
        self.part.mkdir(parents=True)
        try:
            yield self.part
            if self.folder.exists():
                self.folder.rename(self.old)
            self.part.rename(self.folder)
        finally:
            for leftover in (self.part, self.old):
                shutil.rmtree(leftover, ignore_errors=True)

    def remove(self) -> bool:
        """Take it away; whether it was there. Only under the lock."""
        shutil.rmtree(self.part, ignore_errors=True)
        there = self.folder.exists()
        if there:
            shutil.rmtree(self.old, ignore_errors=True)
            self.folder.rename(self.old)
        shutil.rmtree(self.old, ignore_errors=True)
        return there

    def made(self) -> Made | None:
        """What it was made from; None if it is not there or cannot be told."""
        try:
            return msgspec.json.decode(self.record.read_bytes(), type=Made)
        except (OSError, msgspec.MsgspecError):
            return None


def place_of(name: str, setup: AnySetup, root: Path | None = None) -> Place:
    """Where a set-up belongs, below `root` or this user's home of AutoMem."""
    kind = "interpreter" if isinstance(setup, Interpreter) else "data"
    return Place(name=name, root=root or home(), kind=kind)


def write_record(folder: Path, made: Made) -> None:
    """Say what a folder was made from; the last thing before it takes its place."""
    write_json(folder / "setup.json", made)
