"""Showing what an evaluation does while it runs, on stderr, in one of three ways."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Literal, Protocol, TextIO

import anyio

from automem.evaluate.progress import Progress
from automem.tasks import beside
from automem.ui.events import JsonDisplay
from automem.ui.plain import PlainDisplay
from automem.ui.summary import Watch
from automem.ui.words import visible

Mode = Literal["live", "plain", "json"]
MODES: tuple[Mode, ...] = ("live", "plain", "json")
POLL_SECONDS = 0.25


class Display(Protocol):
    """One way of showing; each method is told the time in `time.monotonic()` seconds."""

    def begin(self, now: float) -> None:
        """Called once, first."""
        ...

    def update(self, now: float) -> None:
        """Called a few times a second."""
        ...

    def end(self, now: float) -> None:
        """Called once, last, whatever happened."""
        ...


def choose_mode(asked: Mode | None, *, terminal: bool) -> Mode:
    """What was asked for; else `live` on a terminal and `plain` elsewhere."""
    return asked or ("live" if terminal else "plain")


@asynccontextmanager
async def display(
    mode: Mode,
    progress: Progress | Sequence[Progress],
    *,
    title: str,
    stream: TextIO,
    clock: Callable[[], float] = time.monotonic,
    poll_seconds: float = POLL_SECONDS,
) -> AsyncGenerator[None]:
    """Show `progress` (several are shown as one) on `stream` while the body runs."""
    progresses = [progress] if isinstance(progress, Progress) else list(progress)
    watch = Watch(progresses=progresses, began=clock())
    shown = make_display(mode, watch, title, stream)
    shown.begin(clock())
    try:
        async with beside(partial(_poll, shown, clock, poll_seconds)):
            yield
    finally:
        shown.end(clock())


def make_display(mode: Mode, watch: Watch, title: str, stream: TextIO) -> Display:
    """The display of a mode, writing to `stream`."""

    def write(line: str) -> None:
        stream.write(line + "\n")
        stream.flush()

    if mode == "json":
        return JsonDisplay(watch, title, write)
    if mode == "plain":
        return PlainDisplay(watch, title, lambda line: write(visible(line)))
    from rich.console import Console

    from automem.ui.live import LiveDisplay

    return LiveDisplay(watch, title, Console(file=stream))


async def _poll(shown: Display, clock: Callable[[], float], seconds: float) -> None:
    while True:
        await anyio.sleep(seconds)
        shown.update(clock())
