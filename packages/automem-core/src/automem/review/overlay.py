"""The one place a meta-LLM writes to: what is reviewed and two reports, by an allow-list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from automem.files import write_text
from automem.review.refusal import ToolRefusal
from automem.review.writable import REPORTS, Writable

MOST_BYTES = 131_072
"""Of one file."""
MOST_TOTAL = 1_048_576
MOST_FILES = 64

_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Overlay:
    """The folder that is being changed, and beside it the two reports."""

    folder: Path
    """What is reviewed; the reports stand in the folder around it."""
    writable: Writable

    def files(self) -> dict[str, str]:
        """Name -> text of everything there is. Raises AutoMemError where it cannot be read."""
        return {**self.writable.read(self.folder), **self.reports()}

    def reports(self) -> dict[str, str]:
        """The reports that are written."""
        found: dict[str, str] = {}
        for name in REPORTS:
            path = self._path(name)
            if path.is_file() and not path.is_symlink():
                found[name] = path.read_text(encoding="utf-8", errors="replace")
        return found

    def write(self, name: str, text: str) -> None:
        """Make or replace a file. Raises ToolRefusal with the reason where that is refused."""
        name = self._allowed(name)
        text = text.replace("\r\n", "\n")
        if found := _NO_TEXT.search(text):
            raise ToolRefusal(f"{name} would hold the control character {found[0]!r}; write text")
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:
            raise ToolRefusal(f"{name} would hold what is no character: {error}") from error
        if size > MOST_BYTES:
            raise ToolRefusal(f"{name} would have {size} bytes; {MOST_BYTES} are allowed")
        others = {other: content for other, content in self.files().items() if other != name}
        if len(others) >= MOST_FILES:
            raise ToolRefusal(f"there are {len(others)} files already; delete one first")
        total = size + sum(len(content.encode()) for content in others.values())
        if total > MOST_TOTAL:
            raise ToolRefusal(f"all files would have {total} bytes; {MOST_TOTAL} are allowed")
        write_text(self._path(name), text)

    def delete(self, name: str) -> None:
        """Remove a file. Raises ToolRefusal where there is none, or it must stay."""
        name = self._allowed(name)
        if name in self.writable.lasting:
            raise ToolRefusal(f"{name} is {self.writable.lasting[name]}; it must stay")
        if not self._path(name).is_file():
            raise ToolRefusal(f"there is no file {name}; there are: {', '.join(self.files())}")
        self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return (self.folder.parent if name in REPORTS else self.folder) / name

    def _allowed(self, name: str) -> str:
        """The name as it is used. Raises ToolRefusal."""
        name = name.strip().removeprefix("./")
        reason = "" if name in REPORTS else self.writable.refused(name)
        if reason:
            raise ToolRefusal(
                f"{name!r} cannot be written: {reason}; allowed are {self.writable.names}"
            )
        for path in (self.folder, self._path(name).parent, self._path(name)):
            if path.is_symlink():
                raise ToolRefusal(f"{name} cannot be written: there is a link on its way")
        return name
