"""What a person sees while a meta-LLM reviews: turns, tools, tokens, money."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TextIO

import anyio
import msgspec

from automem.records._struct import Record
from automem.records.review import Spent
from automem.tasks import beside
from automem.ui.display import POLL_SECONDS, Display, Mode
from automem.ui.words import count, duration, money, plural, visible

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

PLAIN_SECONDS = 10.0
JSON_SECONDS = 1.0


class ReviewLine(Record, tag_field="event", tag="review"):
    """How a review stands."""

    title: str
    spent: Spent
    doing: str
    """The tool that was used last, or that an answer is waited for."""


@dataclass(slots=True)
class Spoken:
    """A review in lines: as text, or as JSON."""

    read: Callable[[], ReviewLine]
    write: Callable[[str], object]
    as_json: bool
    _last: tuple[float, ReviewLine] | None = field(default=None)

    def begin(self, now: float) -> None:
        """Say what is reviewed."""
        line = self.read()
        self._last = (now, line)
        self.write(_json(line) if self.as_json else line.title)

    def update(self, now: float) -> None:
        """Say how it stands, where something is new, now and then."""
        line = self.read()
        told, before = self._last or (now, None)
        if line != before and now - told >= (JSON_SECONDS if self.as_json else PLAIN_SECONDS):
            self._tell(now, line)

    def end(self, now: float) -> None:
        """Say what it came to."""
        self._tell(now, self.read())

    def _tell(self, now: float, line: ReviewLine) -> None:
        self._last = (now, line)
        self.write(_json(line) if self.as_json else review_text(line))


@dataclass(slots=True)
class LiveReview:
    """A review in two lines of a terminal."""

    read: Callable[[], ReviewLine]
    stream: TextIO
    _began: float = 0.0
    _live: Live | None = field(default=None)

    def begin(self, now: float) -> None:
        """Take over the lower part of the terminal."""
        from rich.console import Console
        from rich.live import Live

        self._began = now
        console = Console(file=self.stream)
        self._live = Live(self.render(now), console=console, auto_refresh=False, transient=True)
        self._live.start(refresh=True)

    def update(self, now: float) -> None:
        """Redraw."""
        if self._live is not None:
            self._live.update(self.render(now), refresh=True)

    def end(self, now: float) -> None:
        """Give the terminal back, leaving what it came to."""
        if self._live is not None:
            self._live.stop()
            self._live.console.print(self.render(now))
            self._live = None

    def render(self, now: float) -> Text:
        """Title, sums and what is done now."""
        from rich.text import Text

        line = self.read()
        text = Text(visible(line.title), style="bold")
        text.append(f"\n{review_text(line)}  in {duration(now - self._began)}", style="not bold")
        return text


@asynccontextmanager
async def review_display(
    mode: Mode,
    read: Callable[[], ReviewLine],
    *,
    stream: TextIO,
    clock: Callable[[], float] = time.monotonic,
    poll_seconds: float = POLL_SECONDS,
) -> AsyncGenerator[None]:
    """Show a review on `stream` while the body holds it."""
    shown = make_review_display(mode, read, stream)
    shown.begin(clock())
    try:
        async with beside(partial(_poll, shown, clock, poll_seconds)):
            yield
    finally:
        shown.end(clock())


def make_review_display(mode: Mode, read: Callable[[], ReviewLine], stream: TextIO) -> Display:
    """The display of a mode, writing to `stream`."""
    if mode == "live":
        return LiveReview(read, stream)

    def write(line: str) -> None:
        stream.write((line if mode == "json" else visible(line)) + "\n")
        stream.flush()

    return Spoken(read, write, as_json=mode == "json")


def review_text(line: ReviewLine) -> str:
    """The sums in one line."""
    used = line.spent
    parts = [
        plural(used.turns, "turn"),
        plural(used.tool_calls, "tool call"),
        f"{count(used.tokens)} tokens",
        money(used.cost),
    ]
    return " | ".join([*parts, line.doing] if line.doing else parts)


async def _poll(shown: Display, clock: Callable[[], float], seconds: float) -> None:
    while True:
        await anyio.sleep(seconds)
        shown.update(clock())


def _json(line: ReviewLine) -> str:
    return msgspec.json.encode(line).decode()
