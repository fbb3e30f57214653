"""Follows every line of every memory file: who wrote it, when it went, which retrievals show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from automem.errors import TraceError
from automem.evaluate.behaviour.alignment import hunks
from automem.memory.lines import to_lines
from automem.memory.reading import EVERY_FILE
from automem.records.behaviour import Writer
from automem.records.memory import Edit
from automem.records.scaffold import Inject
from automem.records.trace import Asked, Remembered, Started

_RANGE = re.compile(r"(?:lines? )?(\d{1,6}) ?(?:-|to|\.\.) ?\d{1,6}", re.IGNORECASE)
_FOUND = re.compile(r"(\d+): (.*)")
_FOUND_ANYWHERE = re.compile(r"(.*?):(\d+): (.*)")
_CUT = " (cut)"


@dataclass(slots=True, eq=False)
class Line:
    """One line from the moment it is written; it stays itself while its file changes around it."""

    number: int
    """Counts the lines of all files in the order of being written."""
    file: str
    text: str
    writer: Writer
    step: int
    shown_step: int | None = None
    """When a retrieval first showed it."""

    @property
    def blank(self) -> bool:
        """Whether there is nothing to read."""
        return not self.text.strip()


@dataclass(slots=True)
class FileLines:
    """One file as it is now."""

    lines: list[Line] = field(default_factory=list[Line])
    characters: int = 0
    """With a newline after each line."""
    unseen: int = 0
    """Lines that no retrieval has shown yet."""


@dataclass(slots=True)
class Change:
    """What one operation did to the lines of a file."""

    fresh: list[Line] = field(default_factory=list[Line])
    rewritten: list[Line] = field(default_factory=list[Line])
    """Gone, with others in their place."""
    removed: list[Line] = field(default_factory=list[Line])
    """Gone, with nothing in their place."""
    characters: int = 0
    """How much larger the file became."""


@dataclass(slots=True)
class LineBook:
    """The lines of all files, event by event."""

    files: dict[str, FileLines] = field(default_factory=dict[str, FileLines])
    written: int = 0
    """How many lines there have been."""

    def start(self, event: Started) -> list[Line]:
        """Begin with the seeded files; their lines."""
        seeded: list[Line] = []
        for name, text in event.files.items():
            texts = to_lines(text)
            fresh = self._lines(name, texts, "seed", event.step)
            size = _size(texts)
            self.files[name] = FileLines(lines=list(fresh), characters=size, unseen=len(fresh))
            seeded += fresh
        return seeded

    def change(self, event: Remembered, edit: Edit) -> Change:
        """Apply the edit of an operation. Raises TraceError where it does not fit its file."""
        file = self.files.setdefault(event.file, FileLines())
        end = edit.start + edit.removed
        if end > len(file.lines):
            raise TraceError(
                f"step {event.step}: an edit of lines {edit.start} to {end} does not fit "
                f"{event.file}, which has {len(file.lines)} lines; the trace is damaged"
            )
        old = file.lines[edit.start : end]
        change = Change()
        new = self._replaced(event, old, edit.added, change)
        file.lines[edit.start : end] = new
        change.characters = _size(edit.added) - _size([line.text for line in old])
        file.characters += change.characters
        gone = [*change.rewritten, *change.removed]
        file.unseen += len(change.fresh) - sum(line.shown_step is None for line in gone)
        return change

    def shown(self, event: Remembered) -> Sequence[Line]:
        """The lines that a retrieval put before the model."""
        if event.outcome != "done":
            return ()
        if event.kind == "search":
            return list(self._found(event))
        file = self.files.get(event.file)
        if file is None or event.kind not in ("read", "tail"):
            return ()
        count = len(file.lines)
        first = max(0, count - event.hits) if event.kind == "tail" else _first_of_range(event)
        return file.lines[first : first + event.hits]

    def first_shown(self, event: Remembered) -> Sequence[Line]:
        """Those of the shown lines that no earlier retrieval showed; they are marked as shown."""
        file = self.files.get(event.file)
        if file is not None and not file.unseen:
            return ()
        return self._newly(self.shown(event), event.step)

    def first_in_slots(self, event: Asked, slots: Sequence[Inject]) -> Sequence[Line]:
        """The same for what the prompt slots of a call show."""
        unseen = [slot for slot in slots if self._has_unseen(slot.file)]
        return self._newly(self.in_slots(event, unseen), event.step) if unseen else ()

    def in_slots(self, event: Asked, slots: Sequence[Inject]) -> Sequence[Line]:
        """The lines that prompt slots put before the model; the call's prompt must hold them."""
        shown: list[Line] = []
        if event.turn or event.error is not None:
            return shown
        for slot in slots:
            file = self.files.get(slot.file)
            if file is None or event.phase not in slot.phases:
                continue
            lines = file.lines
            if slot.lines is not None:
                last = slot.operation == "tail"
                lines = lines[-slot.lines :] if last else lines[: slot.lines]
            prompt = "\n".join([message.content for message in event.messages])
            shown += [line for line in lines if line.text in prompt]
        return shown

    def _has_unseen(self, name: str) -> bool:
        file = self.files.get(name)
        return file is not None and file.unseen > 0

    def _newly(self, lines: Sequence[Line], step: int) -> Sequence[Line]:
        """Those that were not shown before; they are marked."""
        new: list[Line] = []
        for line in [line for line in lines if line.shown_step is None]:
            if line.shown_step is None:  # two slots may show the same line
                line.shown_step = step
                self.files[line.file].unseen -= 1
                new.append(line)
        return new

    def _replaced(
        self, event: Remembered, old: Sequence[Line], added: Sequence[str], change: Change
    ) -> list[Line]:
        """The lines that stand in the stretch from now on; those that stay are the same ones."""
        new: list[Line] = []
        kept = 0
        for hunk in hunks([line.text for line in old], added):
            new += old[kept : hunk.old_start]
            kept = hunk.old_end
            fresh = self._lines(
                event.file, added[hunk.new_start : hunk.new_end], event.actor, event.step
            )
            new += fresh
            change.fresh += fresh
            gone = change.rewritten if fresh else change.removed
            gone += old[hunk.old_start : hunk.old_end]
        new += old[kept:]
        return new

    def _lines(self, file: str, texts: Sequence[str], writer: Writer, step: int) -> list[Line]:
        first = self.written
        self.written += len(texts)
        return [
            Line(number=number, file=file, text=text, writer=writer, step=step)
            for number, text in enumerate(texts, start=first)
        ]

    def _found(self, event: Remembered) -> Iterator[Line]:
        """The lines that a search lists, found by the numbers in front of them."""
        anywhere = event.file == EVERY_FILE
        for shown in event.result.split("\n"):
            found = (_FOUND_ANYWHERE if anywhere else _FOUND).fullmatch(shown)
            if found is None:
                continue
            name = found[1] if anywhere else event.file
            line = self._line(name, int(found[2] if anywhere else found[1]))
            if line is not None and _is_text(found[3 if anywhere else 2], line.text):
                yield line

    def _line(self, name: str, number: int) -> Line | None:
        """A line by its number from 1."""
        file = self.files.get(name)
        if file is None or not 0 < number <= len(file.lines):
            return None
        return file.lines[number - 1]


def _is_text(shown: str, text: str) -> bool:
    """Whether what a search shows is this line, which it may have had to cut."""
    return shown == text or (shown.endswith(_CUT) and text.startswith(shown.removesuffix(_CUT)))


def _first_of_range(event: Remembered) -> int:
    """Where a read begins, counted from 0; it may ask for a range of lines."""
    found = _RANGE.fullmatch(event.arguments[-1].strip()) if event.arguments else None
    return max(0, int(found[1]) - 1) if found else 0


def _size(texts: Sequence[str]) -> int:
    return sum(map(len, texts)) + len(texts)
