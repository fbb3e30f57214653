"""Reads the events of a trace one after another, growing or compacted, in little memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from automem.episode.blocks import read_block, read_index
from automem.episode.encoding import decode, decode_whole
from automem.episode.folder import EpisodeFolder
from automem.episode.texts import TextWindow
from automem.errors import TraceError
from automem.records.trace import AnyEvent


def trace_of(folder: EpisodeFolder) -> Path:
    """The trace file of an episode: the growing one where it exists. Raises TraceError."""
    for path in (folder.trace, folder.compacted):
        if path.exists():
            return path
    raise TraceError(f"there is no trace in {folder.path}")


def stream_events(path: Path) -> Iterator[AnyEvent]:
    """Every whole event of a trace file, in order. A torn last line is left out.

    Raises TraceError where the file is damaged, naming the place.
    """
    if path.suffix == ".zst":
        yield from _compacted(path)
    else:
        yield from _growing(path)


def growing_events(path: Path, window: TextWindow) -> Iterator[AnyEvent]:
    """The whole events of a growing trace; moves the window. Raises TraceError, FileNotFoundError.

    A torn last line is left out.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                yield decode(line, window)
            except TraceError as error:
                raise TraceError(f"{path}, line {number}: {error}") from error


def _growing(path: Path) -> Iterator[AnyEvent]:
    """Also where the trace is compacted between finding and reading it."""
    try:
        yield from growing_events(path, TextWindow())
    except FileNotFoundError as error:
        compacted = EpisodeFolder(path.parent).compacted
        if not compacted.exists():
            raise TraceError(f"there is no trace at {path}") from error
        yield from _compacted(compacted)


def _compacted(path: Path) -> Iterator[AnyEvent]:
    for block in read_index(path).blocks:
        for line in read_block(path, block).splitlines():
            try:
                yield decode_whole(line)
            except TraceError as error:
                raise TraceError(f"{path}, steps from {block.first_step} on: {error}") from error
