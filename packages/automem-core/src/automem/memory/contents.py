"""One memory file in RAM, with what makes looking things up in it fast."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from automem.memory.edits import apply_in_place, difference
from automem.memory.lines import size
from automem.records.memory import Edit, FileStatus
from automem.records.scaffold import KeyRule

UNWRITTEN = -1
"""Nothing of the file is known to be on disk."""
_STEP = re.compile(r"step \d+\s?[:.]?\s?")


def folded(line: str) -> str:
    """The line as `near` compares it: case, spaces and a leading `Step N` do not count."""
    text = " ".join(line.casefold().split())
    found = _STEP.match(text)
    return text[found.end() :] if found else text


def folded_key(key: str) -> str:
    """A key without its spaces; `5, 3` and `5,3` are one place."""
    return "".join(key.split())


def split_key(line: str, rule: KeyRule) -> tuple[str, str]:
    """Key and body of a stored line; the body is empty where the separator is missing."""
    key, _, body = line.partition(rule.separator.strip() or rule.separator)
    return folded_key(key), body.strip()


@dataclass(slots=True)
class Contents:
    """The lines of one file. They change only through `append`, `set_line` and `replace`."""

    name: str
    purpose: str
    lines: list[str]
    bytes: int
    written: int = UNWRITTEN
    """How many lines at the top are on disk as they are here, with nothing after them."""
    written_bytes: int = 0
    _status: FileStatus | None = None
    _exact: set[str] | None = None
    _near: set[str] | None = None
    _keys: dict[str, list[int]] | None = None
    _casefolded: list[str] | None = None

    def status(self) -> FileStatus:
        """Its line in the index; made once for each change."""
        if self._status is None:
            self._status = FileStatus(
                name=self.name, lines=len(self.lines), bytes=self.bytes, purpose=self.purpose
            )
        return self._status

    def append(self, added: Sequence[str], added_bytes: int) -> Edit:
        """Put lines at the end."""
        edit = Edit(start=len(self.lines), removed=0, added=tuple(added))
        if self._exact is not None:
            self._exact.update(added)
        if self._near is not None:
            self._near.update([folded(line) for line in added])
        if self._casefolded is not None:
            self._casefolded.extend([line.casefold() for line in added])
        self._keys = None
        self.lines.extend(added)
        self._changed(edit, self.bytes + added_bytes)
        return edit

    def set_line(self, index: int, line: str, rule: KeyRule, bytes_after: int) -> Edit:
        """Put one line of a keyed file, in place or, at the end, as a new one; the key's line."""
        new = index == len(self.lines)
        edit = Edit(start=index, removed=0 if new else 1, added=(line,))
        self._exact = self._near = None
        if self._casefolded is not None:
            self._casefolded[index : index + 1] = (line.casefold(),)
        if new and self._keys is not None:
            self._keys.setdefault(split_key(line, rule)[0], []).append(index)
        apply_in_place(self.lines, edit)
        self._changed(edit, bytes_after)
        return edit

    def replace(self, lines: Sequence[str], bytes_after: int) -> Edit | None:
        """Become these lines; None where they are there already."""
        edit = difference(self.lines, lines)
        if edit is not None:
            self._exact = self._near = self._keys = self._casefolded = None
            self.lines[edit.start : edit.start + edit.removed] = edit.added
            self._changed(edit, bytes_after)
        return edit

    def known(self, *, near: bool) -> set[str]:
        """Every line there is, as it is or folded."""
        if near:
            if self._near is None:
                self._near = {folded(line) for line in self.lines}
            return self._near
        if self._exact is None:
            self._exact = set(self.lines)
        return self._exact

    def casefolded(self) -> list[str]:
        """Every line without its case, for searching."""
        if self._casefolded is None:
            self._casefolded = [line.casefold() for line in self.lines]
        return self._casefolded

    def positions(self, rule: KeyRule) -> dict[str, list[int]]:
        """Key -> the numbers of its lines; more than one only where a line was appended."""
        if self._keys is None:
            self._keys = {}
            for index, line in enumerate(self.lines):
                self._keys.setdefault(split_key(line, rule)[0], []).append(index)
        return self._keys

    def _changed(self, edit: Edit, bytes_after: int) -> None:
        self._status = None
        self.bytes = bytes_after
        if edit.start < self.written:
            self.written = UNWRITTEN


def contents(name: str, purpose: str, lines: list[str]) -> Contents:
    """A file that is not on disk yet."""
    return Contents(name=name, purpose=purpose, lines=lines, bytes=size(lines))
