"""Memory files on disk: a mirror for readers, into which nothing foreign can lead.

Memory lives in RAM and is never read back from here, so that a link somebody places in the
folder shows the model nothing. Writing never goes through a link or into a file with a second
name: a file is appended to only where it is plainly the one written before, else a new file takes
its name.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from automem.errors import AutoMemError
from automem.files import replacing
from automem.memory.contents import UNWRITTEN, Contents
from automem.memory.lines import to_text


def write(folder: Path, file: Contents) -> None:
    """Bring one file up to date. Raises AutoMemError where something is in the way."""
    path = folder / file.name
    try:
        if file.written == UNWRITTEN or not _append(path, file):
            with replacing(path) as opened:
                opened.write(to_text(file.lines).encode())
    except OSError as error:
        raise AutoMemError(
            f"cannot write the memory file {path}: {error.strerror or error}; "
            "remove what stands there, or free the disk, and start the same command again"
        ) from error
    file.written = len(file.lines)
    file.written_bytes = file.bytes


def make_folder(folder: Path) -> None:
    """Make the folder. Raises AutoMemError where a link or a file has its name."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.is_symlink():
            raise NotADirectoryError(None, "it is a link")
    except OSError as error:
        raise AutoMemError(
            f"cannot use {folder} as memory folder: {error.strerror or error}; "
            "remove what stands there and start the same command again"
        ) from error


def _append(path: Path, file: Contents) -> bool:
    """Add the new lines to the file written before; False where it is not that file any more."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        found = os.fstat(handle)
        ours = stat.S_ISREG(found.st_mode) and found.st_nlink == 1
        if not ours or found.st_size != file.written_bytes:
            return False
        with os.fdopen(handle, "ab", closefd=False) as opened:
            opened.write(to_text(file.lines[file.written :]).encode())
    finally:
        os.close(handle)
    return True
