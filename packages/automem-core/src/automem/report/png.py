"""A picture as a PNG file, for a browser that asks for one at a time."""

from __future__ import annotations

import struct
import zlib

from automem.records.environment import Frame

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB_8_BITS = (8, 2, 0, 0, 0)
_LEVEL = 4
"""Pictures are made while somebody waits, for a browser on the same machine."""


def png(frame: Frame) -> bytes:
    """The file's bytes."""
    stride = 3 * frame.width
    rows = b"".join(
        [b"\0" + frame.rgb[at : at + stride] for at in range(0, stride * frame.height, stride)]
    )
    header = struct.pack(">IIBBBBB", frame.width, frame.height, *_RGB_8_BITS)
    return b"".join(
        (
            _SIGNATURE,
            _part(b"IHDR", header),
            _part(b"IDAT", zlib.compress(rows, _LEVEL)),
            _part(b"IEND", b""),
        )
    )


def _part(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
