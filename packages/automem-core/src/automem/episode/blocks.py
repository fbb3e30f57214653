"""The file format of a compacted trace: compressed blocks of steps, and an index at the end.

`trace.jsonl.zst` is a sequence of zstd frames, so `zstdcat` prints the whole trace as JSON lines
with every text in full. Each block holds a run of steps; before it, in a skippable frame, stand
the memory files as they were at its beginning; the last skippable frame is the index, which says
where each block and each step begins. So any step of any length of episode is read by
decompressing one block, and steps repeat so much that a block costs little.
"""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec
import zstandard

from automem.errors import TraceError
from automem.records._struct import Record

BLOCK_STEPS = 256
BLOCK_BYTES = 16 * 1024 * 1024
"""A block ends at the first of the two."""

_SKIPPABLE = 0x184D2A50
_MAGIC = b"AMTRACE1"
_HEADER = struct.Struct("<II")
_FOOTER = struct.Struct("<I8s")
_LARGEST_BLOCK = 2**30


class Block(Record):
    """Where one block is."""

    first_step: int
    offset: int
    size: int
    """Compressed bytes."""
    files_offset: int
    """Where its memory snapshot is: content of a skippable frame."""
    files_size: int
    starts: tuple[int, ...]
    """Where each of its steps begins in the decompressed text."""


class Index(Record):
    """The last frame of a compacted trace."""

    version: int = 1
    head: bytes
    """The `started` event, so that an episode can be listed without decompressing anything."""
    tail: bytes
    """The `ended` event."""
    blocks: tuple[Block, ...]


def compressor() -> zstandard.ZstdCompressor:
    """Long matches matter most: prompts repeat over hundreds of kilobytes."""
    parameters = zstandard.ZstdCompressionParameters(
        compression_level=6, window_log=23, enable_ldm=True, write_checksum=True
    )
    return zstandard.ZstdCompressor(compression_params=parameters)


def skippable(content: bytes) -> bytes:
    """A frame that zstd tools pass over."""
    return _HEADER.pack(_SKIPPABLE, len(content)) + content


SKIPPABLE_HEADER_BYTES = _HEADER.size


def index_frame(index: Index) -> bytes:
    """The last frame of the file."""
    payload = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(index))
    return skippable(payload + _FOOTER.pack(len(payload), _MAGIC))


def read_index(path: Path) -> Index:
    """The index of a compacted trace. Raises TraceError."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            size = file.tell()
            if size < _FOOTER.size:
                raise TraceError(f"{path} is not a compacted trace: it is only {size} bytes long")
            file.seek(size - _FOOTER.size)
            length, magic = _FOOTER.unpack(file.read(_FOOTER.size))
            if magic != _MAGIC or length > size:
                raise TraceError(f"{path} is not a compacted trace, or its end is missing")
            file.seek(size - _FOOTER.size - length)
            payload = file.read(length)
        raw = zstandard.ZstdDecompressor().decompress(payload, max_output_size=_LARGEST_BLOCK)
        return msgspec.msgpack.decode(raw, type=Index)
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise TraceError(f"{path} is damaged: its index cannot be read ({error})") from error


def read_block(path: Path, block: Block) -> bytes:
    """The decompressed lines of one block. Raises TraceError."""
    return _decompress(path, block.offset, block.size)


def read_files(path: Path, block: Block) -> dict[str, str]:
    """The memory files at the beginning of one block. Raises TraceError."""
    raw = _decompress(path, block.files_offset, block.files_size)
    return msgspec.json.decode(raw, type=dict[str, str])


def _decompress(path: Path, offset: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(size)
    try:
        return zstandard.ZstdDecompressor(max_window_size=2**27).decompress(
            data, max_output_size=_LARGEST_BLOCK
        )
    except zstandard.ZstdError as error:
        raise TraceError(f"{path} is damaged near byte {offset}: {error}") from error
