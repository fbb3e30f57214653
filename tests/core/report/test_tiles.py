"""Pictures are kept as mosaics whose tiles are shared."""

from __future__ import annotations

import struct
import zlib

from automem.records.environment import Frame
from automem.report.png import png
from automem.report.tiles import MOST_TILES, TileTable, drawn


def plain(width: int, height: int, *color: int) -> Frame:
    return Frame(width=width, height=height, rgb=bytes(color) * (width * height))


def test_a_picture_comes_back_whatever_its_size() -> None:
    for width, height in ((16, 16), (40, 33), (4, 1), (17, 16)):
        rgb = bytes((20 * (place % 12)) % 256 for place in range(3 * width * height))
        table = TileTable()
        mosaic = table.mosaic(Frame(width=width, height=height, rgb=rgb))
        assert mosaic is not None
        assert drawn(table, mosaic) == rgb


def test_equal_tiles_are_kept_once_over_all_pictures() -> None:
    table = TileTable()
    first = table.mosaic(plain(64, 32, 200, 100, 0))
    second = table.mosaic(plain(32, 16, 200, 100, 0))
    assert first is not None and second is not None
    assert set(first.tiles) == set(second.tiles) == {0}
    assert len(first.tiles) == 8 and len(table.pixels) == 1


def test_tiles_that_differ_by_a_shade_are_one() -> None:
    table = TileTable()
    table.mosaic(plain(16, 16, 200, 100, 0))
    table.mosaic(plain(16, 16, 203, 101, 5))
    assert len(table.pixels) == 1
    table.mosaic(plain(16, 16, 160, 100, 0))
    assert len(table.pixels) == 2


def test_tiles_of_other_shapes_are_never_taken_for_one_another() -> None:
    table = TileTable()
    mosaic = table.mosaic(plain(20, 16, 1, 1, 1))
    assert mosaic is not None and mosaic.tiles == (0, 1)
    assert table.shapes == [(16, 16), (4, 16)]


def test_a_full_table_takes_no_more() -> None:
    table = TileTable(pixels=[b""] * MOST_TILES)
    assert table.mosaic(plain(16, 16, 1, 2, 3)) is None


def test_a_png_file_holds_the_pixels() -> None:
    frame = Frame(width=2, height=2, rgb=bytes(range(12)))
    data = png(frame)
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"IEND\xaeB`\x82")
    start = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[start - 4 : start])
    rows = zlib.decompress(data[start + 4 : start + 4 + length])
    assert rows == b"\0" + bytes(range(6)) + b"\0" + bytes(range(6, 12))
