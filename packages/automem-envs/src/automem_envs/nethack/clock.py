"""Stops the clock of one copy of the NetHack library.

NetHack asks for the time of day: the phase of the moon, Friday the 13th and the night change
what happens in a game. Each game runs in a copy of the library of its own; in that copy, before
it is loaded, `time` becomes a function that answers a fixed number, and the local time zone
becomes UTC. The day of its building, which `versionshort` tells and which differs from one Python
to another, becomes one that is the same everywhere. Nothing else in this process notices.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

_ELF_64: Final = b"\x7fELF\x02\x01"
_DYNAMIC_SYMBOLS: Final = 11
_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_HIDDEN: Final = 2
_X86_64: Final = 62
_AARCH64: Final = 183
_ROOM: Final = "time_from_yyyymmddhhmmss"
"""A function of the library that nothing calls in a game; the fixed clock is written over it."""
_BUILT: Final = b"NetHack Version 3.6.7 - last build "
"""Of `nle` alone: the recordings of the benchmark tell on which day theirs was built."""
_NO_DAY: Final = b"Thu Jan  1 00:00:00 1970"


def freeze_clock(library: Path, patches: tuple[tuple[int, bytes], ...]) -> None:
    """Write what `clock_patches` gave into a copy of the library, before it is loaded."""
    with library.open("r+b") as file:
        for offset, content in patches:
            file.seek(offset)
            file.write(content)


@cache
def clock_patches(library: Path, seconds: int) -> tuple[tuple[int, bytes], ...]:
    """What to write where, so that `time` answers `seconds` since 1970, in UTC.

    Empty where the library is of a kind this does not know; its clock then goes on.
    """
    content = library.read_bytes()
    code = _code(content, seconds)
    symbols = _symbols(content) if code else {}
    clock, room = symbols.get("time"), symbols.get(_ROOM)
    local = content.find(b"\0localtime\0")
    if clock is None or room is None or local < 0:
        return ()
    name, kind, _, _, _, size = _SYMBOL.unpack_from(content, clock)
    _, _, _, section, address, room_size = _SYMBOL.unpack_from(content, room)
    if room_size < len(code):
        return ()
    # A hidden symbol is looked for in its own library alone, and so found here, not in libc.
    return (
        (clock, _SYMBOL.pack(name, kind, _HIDDEN, section, address, size)),
        (_file_offset(content, section, address), code),
        (local, b"\0gmtime\0\0\0\0"),
        *((at + len(_BUILT), _NO_DAY) for at in _places(content, _BUILT)),
    )


def _places(content: bytes, words: bytes) -> Iterator[int]:
    at = content.find(words)
    while at >= 0:
        yield at
        at = content.find(words, at + 1)


def _code(content: bytes, seconds: int) -> bytes:
    """Machine code of `long time(long *t) { if (t) *t = seconds; return seconds; }`."""
    if content[:6] != _ELF_64:
        return b""
    (machine,) = struct.unpack_from("<H", content, 18)
    if machine == _X86_64:
        load = b"\x48\xb8" + struct.pack("<q", seconds)  # movabs rax, seconds
        return load + b"\x48\x85\xff\x74\x03\x48\x89\x07\xc3"  # test; je; mov [rdi], rax; ret
    if machine == _AARCH64:
        parts = [(seconds >> shift) & 0xFFFF for shift in (0, 16, 32, 48)]
        load = [0xD2800001 | parts[0] << 5]  # movz x1, then movk of the other three quarters
        load += [0xF2800001 | i << 21 | parts[i] << 5 for i in (1, 2, 3)]
        rest = [0xB4000040, 0xF9000001, 0xAA0103E0, 0xD65F03C0]  # cbz x0; str; mov x0, x1; ret
        return struct.pack(f"<{len(load + rest)}I", *load, *rest)
    return b""


def _sections(content: bytes) -> list[tuple[int, ...]]:
    (offset,) = struct.unpack_from("<Q", content, 40)
    (count,) = struct.unpack_from("<H", content, 60)
    return [_SECTION.unpack_from(content, offset + i * _SECTION.size) for i in range(count)]


def _symbols(content: bytes) -> dict[str, int]:
    """Where in the file the entry of each dynamic symbol is."""
    sections = _sections(content)
    found: dict[str, int] = {}
    for _, kind, _, _, offset, size, link, *_ in sections:
        if kind != _DYNAMIC_SYMBOLS:
            continue
        names = sections[link][4]
        for entry in range(offset, offset + size, _SYMBOL.size):
            start = names + _SYMBOL.unpack_from(content, entry)[0]
            found[content[start : content.index(0, start)].decode("latin-1")] = entry
    return found


def _file_offset(content: bytes, section: int, address: int) -> int:
    _, _, _, start, offset, *_ = _sections(content)[section]
    return offset + address - start
