"""Length-prefixed messages over a pipe: four bytes of length, big-endian, then the payload.

A stream that ends inside a frame, and a length beyond the cap, are errors: reading on would take
the middle of a message for its beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from automem.errors import AutoMemError

PREFIX = 4
MOST_BYTES = 64 * 1024 * 1024


class BrokenFrame(AutoMemError):
    """The other side does not speak in frames, or stopped in the middle of one."""


def pack(payload: bytes) -> bytes:
    """The payload with its length before it."""
    if len(payload) > MOST_BYTES:
        raise BrokenFrame(f"a message of {len(payload)} bytes is longer than {MOST_BYTES}")
    return len(payload).to_bytes(PREFIX, "big") + payload


def write_frame(stream: BinaryIO, payload: bytes) -> None:
    """Write one frame and flush it."""
    stream.write(pack(payload))
    stream.flush()


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next payload; None at the end of the stream."""
    prefix = _read(stream, PREFIX)
    if not prefix:
        return None
    if len(prefix) < PREFIX:
        raise BrokenFrame(f"the stream ended after {len(prefix)} bytes of a length")
    size = _size(prefix)
    payload = _read(stream, size)
    if len(payload) < size:
        raise BrokenFrame(f"the stream ended after {len(payload)} of {size} bytes of a message")
    return payload


class FrameBuffer:
    """Takes bytes as they arrive and gives the payloads that are complete."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, received: bytes) -> Iterator[bytes]:
        """Add what was received; the payloads that are complete now, in order."""
        self._bytes += received
        while len(self._bytes) >= PREFIX:
            end = PREFIX + _size(self._bytes[:PREFIX])
            if len(self._bytes) < end:
                return
            payload = bytes(self._bytes[PREFIX:end])
            del self._bytes[:end]
            yield payload


def _size(prefix: bytes | bytearray) -> int:
    size = int.from_bytes(prefix, "big")
    if size > MOST_BYTES:
        raise BrokenFrame(f"a length of {size} bytes is above {MOST_BYTES}: not a frame")
    return size


def _read(stream: BinaryIO, size: int) -> bytes:
    """Exactly `size` bytes, or fewer at the end of the stream."""
    parts: list[bytes] = []
    missing = size
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
