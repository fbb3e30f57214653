"""What is shown while a loop runs: displays of evaluations, reviews, trainings, one by one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TextIO

import msgspec

from automem.evaluate.progress import Progress
from automem.records._struct import Record
from automem.records.review import Answered, Noted, Said
from automem.review.desk import Desk
from automem.ui.display import Mode, display
from automem.ui.lines import Told, lines_display
from automem.ui.review import ReviewLine, review_text
from automem.ui.training import TrainingLine, TrainingProgress, training_text
from automem.ui.words import visible

MOST_CHARACTERS = 300
"""Of what the host told, such as where a review by hand waits."""


class StageLine(Record, tag_field="event", tag="stage"):
    """What begins now, for programs."""

    text: str


@dataclass(frozen=True, slots=True)
class Watching:
    """Shows everything on one stream, in one mode."""

    mode: Mode
    stream: TextIO

    @asynccontextmanager
    async def evaluation(self, progress: Progress, title: str) -> AsyncGenerator[None]:
        """Show an evaluation while it is played; its title stays above what a terminal keeps."""
        if self.mode == "live":
            self.stream.write(f"{visible(title)}\n")
            title = progress.title
        async with display(self.mode, progress, title=title, stream=self.stream):
            yield

    def say(self, text: str) -> None:
        """A line above what follows, such as the stage that begins."""
        told = StageLine(text=text)
        line = msgspec.json.encode(told).decode() if self.mode == "json" else visible(text)
        self.stream.write(f"{line}\n")
        self.stream.flush()

    @asynccontextmanager
    async def review(self, desk: Desk, title: str) -> AsyncGenerator[None]:
        """Show a review while it is held."""

        def read() -> ReviewLine:
            return ReviewLine(title=title, spent=desk.spent, doing=doing(desk))

        async with lines_display(self.mode, Told(read, review_text), stream=self.stream):
            yield

    @asynccontextmanager
    async def training(self, progress: TrainingProgress, title: str) -> AsyncGenerator[None]:
        """Show a training while it runs."""

        def read() -> TrainingLine:
            return progress.line(title)

        async with lines_display(self.mode, Told(read, training_text), stream=self.stream):
            yield


def doing(desk: Desk) -> str:
    """What the review waits for, or did last."""
    last = desk.events[-1] if desk.events else None
    match last:
        case Answered():
            return f"after {last.call.name}"
        case Said() if last.turn.calls:
            return f"using {last.turn.calls[0].name}"
        case Noted():
            return " ".join(last.text.split())[:MOST_CHARACTERS]
        case _:
            return ""
