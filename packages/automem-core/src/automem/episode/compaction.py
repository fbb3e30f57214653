"""Turns a finished trace into its compressed, indexed form."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from automem.episode.blocks import (
    BLOCK_BYTES,
    BLOCK_STEPS,
    SKIPPABLE_HEADER_BYTES,
    Block,
    Index,
    compressor,
    index_frame,
    skippable,
)
from automem.episode.encoding import encode, encode_whole
from automem.episode.folder import EpisodeFolder
from automem.episode.stream import stream_events
from automem.episode.texts import TextWindow
from automem.errors import TraceError
from automem.files import replacing
from automem.memory.history import History
from automem.records.trace import AnyEvent, Ended


def compact(folder: EpisodeFolder, watch: Callable[[AnyEvent], None] | None = None) -> Path:
    """Write `trace.jsonl.zst` and remove `trace.jsonl`; the episode must be finished.

    The raw trace goes only when the compacted one is whole on disk; a folder that is compacted
    already is left alone. `watch` is told of every event on the way, so that what has to be
    counted costs no second reading. Raises TraceError for an unfinished episode.
    """
    if not folder.trace.exists():
        if folder.compacted.exists():
            return folder.compacted
        raise TraceError(f"there is no trace in {folder.path}")
    with replacing(folder.compacted) as file:
        events = stream_events(folder.trace)
        if not write_compacted(_watched(events, watch) if watch else events, file):
            raise TraceError(
                f"{folder.trace} is not finished; play it to its end before compacting it"
            )
        file.flush()
        os.fsync(file.fileno())
    folder.trace.unlink()
    return folder.compacted


def _watched(events: Iterable[AnyEvent], watch: Callable[[AnyEvent], None]) -> Iterator[AnyEvent]:
    for event in events:
        watch(event)
        yield event


def expand(folder: EpisodeFolder) -> None:
    """Make `trace.jsonl` again from the compacted trace, where only that is there.

    An episode whose result was lost is so played again from its answers. Raises TraceError.
    """
    if folder.trace.exists() or not folder.compacted.exists():
        return
    window = TextWindow()
    with replacing(folder.trace) as file:
        for event in stream_events(folder.compacted):
            file.write(encode(event, window) + b"\n")


def write_compacted(events: Iterable[AnyEvent], file: BinaryIO) -> bool:
    """Write events in compacted form. Returns whether they end with the end of the episode."""
    writer = _BlockWriter(file)
    head = tail = b""
    ended = False
    for event in events:
        line = encode_whole(event)
        head = head or line
        ended = isinstance(event, Ended)
        tail = line if ended else tail
        writer.add(event, line)
    writer.close_block()
    file.write(index_frame(Index(head=head, tail=tail, blocks=tuple(writer.blocks))))
    return ended


@dataclass(slots=True)
class _BlockWriter:
    file: BinaryIO
    blocks: list[Block] = field(default_factory=list[Block])
    _history: History = field(default_factory=History)
    _files: dict[str, str] = field(default_factory=dict[str, str])
    _lines: list[bytes] = field(default_factory=list[bytes])
    _starts: list[int] = field(default_factory=list[int])
    _size: int = 0
    _step: int = -1
    _first: int = 0
    _offset: int = 0

    def add(self, event: AnyEvent, line: bytes) -> None:
        if event.step > self._step:
            if self._starts and (len(self._starts) >= BLOCK_STEPS or self._size >= BLOCK_BYTES):
                self.close_block()
            if not self._starts:
                self._first = event.step
                self._files = self._history.files()
            self._starts.append(self._size)
            self._step = event.step
        self._lines.append(line)
        self._size += len(line) + 1
        self._history.apply(event)

    def close_block(self) -> None:
        if not self._lines:
            return
        files = compressor().compress(msgspec.json.encode(self._files))
        body = compressor().compress(b"\n".join(self._lines) + b"\n")
        self.file.write(skippable(files))
        self.file.write(body)
        files_offset = self._offset + SKIPPABLE_HEADER_BYTES
        offset = files_offset + len(files)
        self.blocks.append(
            Block(
                first_step=self._first,
                offset=offset,
                size=len(body),
                files_offset=files_offset,
                files_size=len(files),
                starts=tuple(self._starts),
            )
        )
        self._offset = offset + len(body)
        self._lines, self._starts, self._size = [], [], 0
