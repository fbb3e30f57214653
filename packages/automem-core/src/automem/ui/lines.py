"""Work that stands in one line: shown as lines of text or JSON, or redrawn on a terminal."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Generic, Protocol, TextIO, TypeVar

import anyio
import msgspec

from automem.tasks import beside
from automem.ui.display import POLL_SECONDS, Display, Mode
from automem.ui.words import duration, visible

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

PLAIN_SECONDS = 10.0
JSON_SECONDS = 1.0


class Titled(Protocol):
    """A record of how the work stands; it compares equal while nothing is new."""

    @property
    def title(self) -> str:
        """What the work is."""
        ...


_L = TypeVar("_L", bound=Titled)


@dataclass(frozen=True, slots=True)
class Told(Generic[_L]):
    """What there is to show: how the work stands now, and how a person reads that."""

    read: Callable[[], _L]
    text: Callable[[_L], str]


@dataclass(slots=True)
class Spoken(Generic[_L]):
    """Work in lines: as text, or as JSON."""

    told: Told[_L]
    write: Callable[[str], object]
    as_json: bool
    _last: tuple[float, _L] | None = field(default=None)

    def begin(self, now: float) -> None:
        """Say what is done."""
        line = self.told.read()
        self._last = (now, line)
        self.write(_json(line) if self.as_json else line.title)

    def update(self, now: float) -> None:
        """Say how it stands, where something is new, now and then."""
        line = self.told.read()
        at, before = self._last or (now, None)
        if line != before and now - at >= (JSON_SECONDS if self.as_json else PLAIN_SECONDS):
            self._tell(now, line)

    def end(self, now: float) -> None:
        """Say what it came to."""
        self._tell(now, self.told.read())

    def _tell(self, now: float, line: _L) -> None:
        self._last = (now, line)
        self.write(_json(line) if self.as_json else self.told.text(line))


@dataclass(slots=True)
class LiveLines(Generic[_L]):
    """Work in two lines of a terminal."""

    told: Told[_L]
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
        """Title, how it stands, and how long it has taken."""
        from rich.text import Text

        line = self.told.read()
        text = Text(visible(line.title), style="bold")
        said = visible(self.told.text(line))
        text.append(f"\n{said}  in {duration(now - self._began)}", style="not bold")
        return text


@asynccontextmanager
async def lines_display(
    mode: Mode,
    told: Told[_L],
    *,
    stream: TextIO,
    clock: Callable[[], float] = time.monotonic,
    poll_seconds: float = POLL_SECONDS,
) -> AsyncGenerator[None]:
    """Show the work on `stream` while the body does it."""
    shown = make_lines_display(mode, told, stream)
    shown.begin(clock())
    try:
        async with beside(partial(_poll, shown, clock, poll_seconds)):
            yield
    finally:
        shown.end(clock())


def make_lines_display(mode: Mode, told: Told[_L], stream: TextIO) -> Display:
    """The display of a mode, writing to `stream`."""
    if mode == "live":
        return LiveLines(told, stream)

    def write(line: str) -> None:
        stream.write((line if mode == "json" else visible(line)) + "\n")
        stream.flush()

    return Spoken(told, write, as_json=mode == "json")


async def _poll(shown: Display, clock: Callable[[], float], seconds: float) -> None:
    while True:
        await anyio.sleep(seconds)
        shown.update(clock())


def _json(line: Titled) -> str:
    return msgspec.json.encode(line).decode()
