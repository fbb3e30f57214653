"""The memory as it was at any step: the seed files and every recorded edit, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from automem.memory.edits import apply_in_place
from automem.memory.lines import to_lines, to_text
from automem.records.trace import AnyEvent, Remembered, Started


class History:
    """Follows a trace event by event. `apply` raises TraceError for an edit that does not fit.

    `files` is where to begin if not at the beginning: name -> text.
    """

    __slots__ = ("_files",)

    def __init__(self, files: Mapping[str, str] | None = None) -> None:
        self._files = {name: to_lines(text) for name, text in (files or {}).items()}

    def apply(self, event: AnyEvent) -> None:
        """Take the next event."""
        if isinstance(event, Started):
            self._files = {name: to_lines(text) for name, text in event.files.items()}
        elif isinstance(event, Remembered) and event.edit is not None:
            apply_in_place(self._files.setdefault(event.file, []), event.edit)

    def lines(self, name: str) -> tuple[str, ...] | None:
        """The lines of a file now; None if it does not exist yet."""
        lines = self._files.get(name)
        return None if lines is None else tuple(lines)

    def files(self) -> dict[str, str]:
        """Name -> text now."""
        return {name: to_text(lines) for name, lines in self._files.items()}


def files_at(events: Iterable[AnyEvent], step: int | None = None) -> dict[str, str]:
    """Name -> text after everything that was remembered up to and including `step`.

    Step t's LOG and PLAN belong to it; None is the end. Raises TraceError for an edit that
    does not fit.
    """
    history = History()
    for event in events:
        if step is None or event.step <= step:
            history.apply(event)
    return history.files()
