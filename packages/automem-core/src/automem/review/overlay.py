"""The one place a meta-LLM writes to: a scaffold's files and two reports, by an allow-list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from automem.errors import ScaffoldError
from automem.files import write_text
from automem.memory.names import check_name
from automem.scaffold.content import CODE, FILES, MANIFEST, PROMPTS, texts

ANALYSIS = "analysis.md"
METHOD = "method.md"
REPORTS = (ANALYSIS, METHOD)
MOST_BYTES = 131_072
"""Of one file."""
MOST_TOTAL = 1_048_576
MOST_FILES = 64
ALLOWED = f"{MANIFEST}, {PROMPTS}/*.md, {FILES}/*, {CODE}, {ANALYSIS}, {METHOD}"

_PROMPT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}\.md")
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Overlay:
    """The scaffold that is being changed, and beside its folder the two reports."""

    folder: Path
    """The scaffold; the reports stand in the folder around it."""

    def files(self) -> dict[str, str]:
        """Name -> text of everything there is. Raises ScaffoldError where it cannot be read."""
        return {**texts(self.folder), **self.reports()}

    def reports(self) -> dict[str, str]:
        """The reports that are written."""
        found: dict[str, str] = {}
        for name in REPORTS:
            path = self._path(name)
            if path.is_file() and not path.is_symlink():
                found[name] = path.read_text(encoding="utf-8", errors="replace")
        return found

    def write(self, name: str, text: str) -> None:
        """Make or replace a file. Raises ScaffoldError with the reason where that is refused."""
        name = self._allowed(name)
        text = text.replace("\r\n", "\n")
        if found := _NO_TEXT.search(text):
            raise ScaffoldError(f"{name} would hold the control character {found[0]!r}; write text")
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:
            raise ScaffoldError(f"{name} would hold what is no character: {error}") from error
        if size > MOST_BYTES:
            raise ScaffoldError(f"{name} would have {size} bytes; {MOST_BYTES} are allowed")
        others = {other: content for other, content in self.files().items() if other != name}
        if len(others) >= MOST_FILES:
            raise ScaffoldError(f"there are {len(others)} files already; delete one first")
        total = size + sum(len(content.encode()) for content in others.values())
        if total > MOST_TOTAL:
            raise ScaffoldError(f"all files would have {total} bytes; {MOST_TOTAL} are allowed")
        write_text(self._path(name), text)

    def delete(self, name: str) -> None:
        """Remove a file. Raises ScaffoldError where there is none, or it must stay."""
        name = self._allowed(name)
        if name == MANIFEST:
            raise ScaffoldError(f"{MANIFEST} is what makes the folder a scaffold; it must stay")
        if not self._path(name).is_file():
            raise ScaffoldError(f"there is no file {name}; there are: {', '.join(self.files())}")
        self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return (self.folder.parent if name in REPORTS else self.folder) / name

    def _allowed(self, name: str) -> str:
        """The name as it is used. Raises ScaffoldError."""
        name = name.strip().removeprefix("./")
        folder, slash, plain = name.partition("/")
        if name in (MANIFEST, CODE, *REPORTS):
            reason = ""
        elif slash and folder == PROMPTS:
            reason = "" if _PROMPT.fullmatch(plain) else "a prompt is a file such as prompts/log.md"
        elif slash and folder == FILES:
            reason = check_name(plain) or ""
        else:
            reason = "it is none of the files that may be written"
        if reason:
            raise ScaffoldError(f"{name!r} cannot be written: {reason}; allowed are {ALLOWED}")
        for path in (self.folder, self._path(name).parent, self._path(name)):
            if path.is_symlink():
                raise ScaffoldError(f"{name} cannot be written: there is a link on its way")
        return name
