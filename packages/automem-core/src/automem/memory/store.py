"""The memory folder of one episode: authoritative in RAM, mirrored to disk once a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from automem.errors import AutoMemError
from automem.memory import mirror
from automem.memory.contents import Contents, contents
from automem.memory.lines import size, to_lines, to_text
from automem.memory.names import check_name
from automem.records.memory import Edit, FileStatus
from automem.records.scaffold import FileRule, KeyRule, Manifest, Retention

_ANY_FILE = FileRule()


class MemoryStore:
    """Text files by name. Every change obeys the manifest's quotas or is refused.

    `folder` None keeps them off the disk. `files` are the seeds, name -> text. Raises
    AutoMemError for a seed whose name is not allowed.
    """

    __slots__ = ("_bytes", "_files", "_index", "folder", "manifest")

    def __init__(self, folder: Path | None, manifest: Manifest, files: Mapping[str, str]) -> None:
        self.folder = folder
        self.manifest = manifest
        self._files: dict[str, Contents] = {}
        self._bytes = 0
        self._index: tuple[FileStatus, ...] | None = None
        for name, text in files.items():
            problem = check_name(name)
            if problem is not None:
                raise AutoMemError(f"a memory file cannot be named {name!r}. {problem}")
            self._add(name, to_lines(text))

    def rule(self, name: str) -> FileRule:
        """What the manifest says of the file; the rules of any file where it says nothing."""
        return self.manifest.files.get(name, _ANY_FILE)

    def names(self) -> tuple[str, ...]:
        """Every file there is, in the order of the index."""
        return tuple([status.name for status in self.index()])

    def index(self) -> tuple[FileStatus, ...]:
        """Every file there is: those of the manifest in its order, then the others by name."""
        if self._index is None:
            declared = [name for name in self.manifest.files if name in self._files]
            others = sorted(name for name in self._files if name not in self.manifest.files)
            self._index = tuple([self._files[name].status() for name in (*declared, *others)])
        return self._index

    def files(self) -> dict[str, str]:
        """Name -> text of every file, in the order of the index."""
        return {name: to_text(self._files[name].lines) for name in self.names()}

    def lines(self, name: str) -> Sequence[str] | None:
        """The lines of a file, not to be changed; None if there is no such file."""
        file = self._files.get(name)
        return None if file is None else file.lines

    def bytes_of(self, name: str) -> int:
        """The size of a file in UTF-8; 0 if there is no such file."""
        file = self._files.get(name)
        return 0 if file is None else file.bytes

    @property
    def total_bytes(self) -> int:
        """The size of all files together."""
        return self._bytes

    def known(self, name: str, *, near: bool) -> set[str]:
        """The lines of a file as a set, folded for `near`; not to be changed."""
        file = self._files.get(name)
        return set() if file is None else file.known(near=near)

    def casefolded(self, name: str) -> Sequence[str]:
        """The lines of a file without their case; not to be changed."""
        file = self._files.get(name)
        return () if file is None else file.casefolded()

    def positions(self, name: str, rule: KeyRule) -> Mapping[str, Sequence[int]]:
        """Key -> line numbers from 0 of a keyed file."""
        file = self._files.get(name)
        return {} if file is None else file.positions(rule)

    def refusal(self, name: str, bytes_after: int) -> str | None:
        """Why the file cannot have this size, as a text that a model can act on; None if it can.

        A file may always shrink, whatever the quotas say.
        """
        limits = self.manifest.limits
        before = self.bytes_of(name)
        if name not in self._files:
            if not self.manifest.free_files and name not in self.manifest.files:
                return f"No new files are allowed. The files are: {', '.join(self.names())}."
            if len(self._files) >= limits.files:
                return (
                    f"There are {len(self._files)} files, and no more are allowed. "
                    f"Use one of them: {', '.join(self.names())}."
                )
        elif bytes_after <= before:
            return None
        if bytes_after > limits.file_bytes:
            return (
                f"{name} would have {bytes_after} bytes; a file may have {limits.file_bytes}. "
                "Nothing was changed. Replace the file by a shorter summary first."
            )
        total = self._bytes - before + bytes_after
        if total > limits.folder_bytes:
            return (
                f"The memory would have {total} bytes; it may have {limits.folder_bytes}. "
                "Nothing was changed. Replace a long file by a shorter summary first."
            )
        return None

    def append(self, name: str, added: Sequence[str]) -> Edit:
        """Put lines at the end of a file, made if it is missing; its retention is not applied.

        The caller has asked `refusal`; so with `set_line` and `replace`.
        """
        file = self._files.get(name) or self._add(name, [])
        before = file.bytes
        edit = file.append(added, size(added))
        self._resized(before, file)
        return edit

    def set_line(self, name: str, index: int, line: str, rule: KeyRule) -> Edit:
        """Put one line of a keyed file in place, or at the end if `index` is its length."""
        file = self._files.get(name) or self._add(name, [])
        before = file.bytes
        gone = size(file.lines[index : index + 1])
        edit = file.set_line(index, line, rule, before - gone + size((line,)))
        self._resized(before, file)
        return edit

    def replace(self, name: str, lines: Sequence[str]) -> Edit | None:
        """Make a file consist of these lines; None where it did, and stays as it was."""
        file = self._files.get(name)
        if file is None:
            file = self._add(name, list(lines))
            return Edit(start=0, removed=0, added=tuple(lines))
        before = file.bytes
        edit = file.replace(lines, size(lines))
        if edit is not None:
            self._resized(before, file)
        return edit

    def flush(self) -> None:
        """Write what changed into the folder. Raises AutoMemError where something is in the way."""
        changed = [file for file in self._files.values() if file.written != len(file.lines)]
        if self.folder is None or not changed:
            return
        mirror.make_folder(self.folder)
        for file in changed:
            mirror.write(self.folder, file)

    def _add(self, name: str, lines: list[str]) -> Contents:
        file = contents(name, self.rule(name).purpose, lines)
        self._files[name] = file
        self._resized(0, file)
        return file

    def _resized(self, before: int, file: Contents) -> None:
        self._bytes += file.bytes - before
        self._index = None


def retained(lines: Sequence[str], rule: Retention) -> list[str]:
    """What stays of a file that may have `rule.max_lines`: its pinned top and its last lines."""
    if len(lines) <= rule.max_lines:
        return list(lines)
    top = lines[: rule.pinned]
    rest = lines[len(top) :]
    return [*top, *rest[max(0, len(rest) - rule.keep_last) :]]
