"""Counts what the memory operations of one episode came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from automem.evaluate.behaviour.lines import Change, Line, LineBook
from automem.evaluate.behaviour.repeats import Repeats
from automem.memory.reading import EVERY_FILE
from automem.records.behaviour import ByActor, EmptySearches
from automem.records.memory import READING_KINDS, WRITING_KINDS, Actor
from automem.records.scaffold import Inject
from automem.records.trace import Asked, Remembered, Started


@dataclass(slots=True)
class Operations:
    """Sums over the operations of one episode, each seen once and in order."""

    slots: Sequence[Inject] = ()
    """What the scaffold puts into prompts by itself."""
    writes: int = 0
    duplicate_writes: int = 0
    searches: int = 0
    no_line: int = 0
    empty_file: int = 0
    missing_file: int = 0
    failed: int = 0
    log_writes: int = 0
    log_searches: int = 0
    consulted_writes: int = 0
    lines: int = 0
    reread_lines: int = 0
    reread_age: int = 0
    grown: Counter[Actor] = field(default_factory=Counter[Actor])
    written: Counter[Actor] = field(default_factory=Counter[Actor])
    _book: LineBook = field(default_factory=LineBook)
    _repeats: dict[str, Repeats] = field(default_factory=dict[str, Repeats])
    """Of the files that were appended to."""
    _log_step: int = -1
    _consulted: set[str] = field(default_factory=set[str])
    """Files that were looked into in the LOG of `_log_step`."""

    def start(self, event: Started) -> None:
        """Begin with the seeded files."""
        self._book.start(event)

    def asked(self, event: Asked) -> None:
        """Take a call: its prompt may show files."""
        if self.slots:
            self._count_shown(self._book.first_in_slots(event, self.slots), event.step)

    def remembered(self, event: Remembered) -> None:
        """Take an operation. Raises TraceError where its edit does not fit."""
        if event.outcome in ("refused", "malformed"):
            self.failed += event.actor == "llm"
            return
        if event.kind in WRITING_KINDS:
            self._write(event)
        elif event.kind in READING_KINDS:
            self._look(event)

    @property
    def empty(self) -> EmptySearches:
        """Searches without a hit, by cause."""
        return EmptySearches(
            no_line=self.no_line, empty_file=self.empty_file, missing_file=self.missing_file
        )

    @property
    def grown_by(self) -> ByActor:
        """Final less seeded size."""
        return ByActor(llm=self.grown["llm"], code=self.grown["code"])

    @property
    def written_by(self) -> ByActor:
        """Everything ever written."""
        return ByActor(llm=self.written["llm"], code=self.written["code"])

    def _write(self, event: Remembered) -> None:
        if event.actor == "llm":
            self.writes += 1
            self.duplicate_writes += event.outcome == "duplicate"
            if event.phase == "log":
                self.log_writes += 1
                self.consulted_writes += self._was_consulted(event)
        if event.edit is None:
            return
        if event.kind == "append" and event.actor == "llm" and event.file not in self._repeats:
            there = self._book.files.get(event.file)
            lines = [line.text for line in there.lines] if there else []
            self._repeats[event.file] = Repeats(lines)
        change = self._book.change(event, event.edit)
        self._count_change(event, change)
        self._keep_repeats(event, change)

    def _count_change(self, event: Remembered, change: Change) -> None:
        self.grown[event.actor] += change.characters
        if event.kind in ("write", "create"):
            self.written[event.actor] += self._book.files[event.file].characters
        else:
            self.written[event.actor] += sum([len(line.text) + 1 for line in change.fresh])
        if event.actor == "llm":
            self.lines += sum([not line.blank for line in change.fresh])

    def _keep_repeats(self, event: Remembered, change: Change) -> None:
        repeats = self._repeats.get(event.file)
        if repeats is None:
            return
        # Compared with the file as it was: what goes to make room still said it.
        said = repeats.add([line.text for line in change.fresh])
        repeats.remove([line.text for line in change.rewritten])
        repeats.remove([line.text for line in change.removed])
        if event.kind == "append" and event.actor == "llm":
            self.duplicate_writes += said

    def _look(self, event: Remembered) -> None:
        if event.phase == "log":
            self._new_log(event.step)
            self._consulted.add(event.file)
        if event.kind == "search" and event.actor == "llm":
            self.searches += 1
            self.log_searches += event.phase == "log"
            self.missing_file += event.outcome == "missing"
            if event.outcome == "empty":
                lines = event.bytes_before > 0
                self.no_line += lines
                self.empty_file += not lines
        self._count_shown(self._book.first_shown(event), event.step)

    def _count_shown(self, lines: Iterable[Line], step: int) -> None:
        for line in lines:
            if line.writer == "llm" and not line.blank:
                self.reread_lines += 1
                self.reread_age += step - line.step

    def _was_consulted(self, event: Remembered) -> bool:
        self._new_log(event.step)
        return event.file in self._consulted or EVERY_FILE in self._consulted

    def _new_log(self, step: int) -> None:
        if step != self._log_step:
            self._log_step = step
            self._consulted.clear()
