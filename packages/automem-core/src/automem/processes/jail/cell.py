"""What a jail asks of whatever runs its code: to load it, to call it, to end."""

from __future__ import annotations

from typing import Protocol

from automem.errors import FaultKind


class Broken(Exception):
    """What runs the code cannot be used any more; it must be ended, and may be started again."""

    def __init__(self, message: str, kind: FaultKind) -> None:
        super().__init__(message)
        self.kind: FaultKind = kind


class Cell(Protocol):
    """One load of the code: a locked process, or a session of another interpreter."""

    @property
    def pid(self) -> int | None:
        """Of its process, if it has one that is known."""
        ...

    @property
    def landlock(self) -> int:
        """The version of Landlock's interface that locks it; 0 is none."""
        ...

    async def start(self) -> frozenset[str]:
        """Start, load the code, and name its functions.

        Raises JailError if it cannot be started, CodeFault or Broken if the code does not load.
        """
        ...

    async def call(self, function: str, arguments: tuple[object, ...]) -> object:
        """What the function returns. Raises CodeFault; Broken where it cannot be called again."""
        ...

    async def end(self) -> None:
        """End all that was started; also where starting failed, and more than once."""
        ...
