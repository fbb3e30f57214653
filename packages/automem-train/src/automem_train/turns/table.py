"""The table of turns as a file: JSON lines, compressed, written once and read as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path

import msgspec
import zstandard

from automem.errors import DataError
from automem.files import replacing
from automem.records._struct import Record
from automem.run.layout import RunFolder
from automem_train.turns.following import turns_of
from automem_train.turns.record import Turn
from automem_train.turns.source import Source, key_of

_LEVEL = 3
_turn = msgspec.json.Decoder(Turn)


class TurnTable(Record):
    """Where a table is, and what it is of."""

    key: str
    path: Path
    sources: tuple[Source, ...]

    def turns(self) -> Iterator[Turn]:
        """Every turn, in order. Raises DataError where the file is damaged."""
        return read_turns(self.path)


def turn_table(
    run: RunFolder, sources: list[Source], watch: Callable[[int, int], None] | None = None
) -> TurnTable:
    """The table of these episodes, made where it is not there yet. Raises TraceError.

    It holds one episode at a time. `watch` is told how many episodes are done, and of how many.
    """
    key = key_of(sources)
    path = run.data / "turns" / f"{key}.jsonl.zst"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        encoder = msgspec.json.Encoder()
        with (
            replacing(path) as file,
            zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).stream_writer(
                file, closefd=False
            ) as out,
        ):
            for done, source in enumerate(sources, start=1):
                for turn in turns_of(source):
                    out.write(encoder.encode(turn) + b"\n")
                if watch is not None:
                    watch(done, len(sources))
    return TurnTable(key=key, path=path, sources=tuple(sources))


def read_turns(path: Path) -> Iterator[Turn]:
    """The turns of a table's file. Raises DataError."""
    for line in compressed_lines(path):
        try:
            yield _turn.decode(line)
        except msgspec.MsgspecError as error:
            raise DataError(
                f"{path} is damaged: {error}; remove it, and it is made again"
            ) from error


def compressed_lines(path: Path) -> Iterator[bytes]:
    """The lines of a compressed file. Raises DataError."""
    try:
        with (
            path.open("rb") as file,
            zstandard.ZstdDecompressor().stream_reader(file) as raw,
            BufferedReader(raw) as lines,  # pyright: ignore[reportArgumentType]
        ):
            yield from lines
    except (OSError, zstandard.ZstdError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
