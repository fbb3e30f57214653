"""Memory as a time line: when each line was written, shown again, rewritten, removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from automem.evaluate.behaviour.lines import Line, LineBook
from automem.records.behaviour import LineLife, Timeline
from automem.records.trace import AnyEvent, Observed, Remembered, Started


def timeline(events: Iterable[AnyEvent]) -> Timeline:
    """The life of every line that any memory file ever held, in the order of being written.

    A line that stands in a rewritten file as it stood before lives on. What a prompt template
    shows of a file without an operation is not in the trace as a retrieval, and not here. Raises
    TraceError for an edit that does not fit.
    """
    book = LineBook()
    lives: list[_Life] = []
    steps = 0
    for event in events:
        match event:
            case Started():
                lives += [_Life(line) for line in book.start(event)]
            case Observed():
                steps = event.step + 1
            case Remembered():
                _remember(book, lives, event)
            case _:
                pass
    return Timeline(steps=steps, lines=tuple([life.record() for life in lives]))


@dataclass(slots=True)
class _Life:
    """A line and what has happened to it so far."""

    line: Line
    rewritten: int | None = None
    removed: int | None = None
    searched: list[int] = field(default_factory=list[int])
    read: list[int] = field(default_factory=list[int])

    def record(self) -> LineLife:
        """What became of it."""
        return LineLife(
            file=self.line.file,
            text=self.line.text,
            written_step=self.line.step,
            actor=self.line.writer,
            rewritten_step=self.rewritten,
            searched_steps=tuple(self.searched),
            read_steps=tuple(self.read),
            removed_step=self.removed,
            dead=not (self.searched or self.read or self.line.blank),
        )


def _remember(book: LineBook, lives: list[_Life], event: Remembered) -> None:
    if event.edit is not None:
        change = book.change(event, event.edit)
        lives += [_Life(line) for line in change.fresh]
        for line in change.rewritten:
            lives[line.number].rewritten = event.step
        for line in change.removed:
            lives[line.number].removed = event.step
    for line in book.shown(event):
        life = lives[line.number]
        steps = life.searched if event.kind == "search" else life.read
        if not steps or steps[-1] != event.step:
            steps.append(event.step)
