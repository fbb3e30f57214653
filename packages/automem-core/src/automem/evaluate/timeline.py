"""Memory as a time line: when each line was written, shown again, rewritten, removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from automem.evaluate.behaviour.lines import Line, LineBook
from automem.records.behaviour import LineLife, Timeline
from automem.records.scaffold import Inject
from automem.records.trace import AnyEvent, Asked, Observed, Remembered, Started


def timeline(events: Iterable[AnyEvent], slots: Sequence[Inject] = ()) -> Timeline:
    """The life of every line that any memory file ever held, in the order of being written.

    A line that stands in a rewritten file as it stood before lives on. `slots` is what the
    scaffold puts into prompts by itself, as `automem.evaluate.behaviour.episode.slots_of` gives
    it. Raises TraceError for an edit that does not fit.
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
            case Asked():
                for line in book.in_slots(event, slots):
                    _once(lives[line.number].slots, event.step)
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
    slots: list[int] = field(default_factory=list[int])

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
            slot_steps=tuple(self.slots),
            removed_step=self.removed,
            dead=not (self.searched or self.read or self.slots or self.line.blank),
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
        _once(life.searched if event.kind == "search" else life.read, event.step)


def _once(steps: list[int], step: int) -> None:
    if not steps or steps[-1] != step:
        steps.append(step)
