"""Pictures as mosaics: each tile is kept once, and a picture is which tile stands where.

Games that are drawn from textures repeat them endlessly, and what differs by a shade, as when
dusk falls, need not be kept apart. So thousands of pictures fit in a page, and a browser puts one
together faster than it would decode a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from automem.records._struct import Record
from automem.records.environment import Frame

TILE = 16
"""Width and height in points; the tiles at the right and lower edges may be smaller."""
MOST_TILES = 12_000
"""Pictures without repetition would make a page of hundreds of megabytes."""
_SHADES = bytes(value // 20 for value in range(256))
"""Tiles that agree in these are the same tile."""


class Mosaic(Record):
    """One picture: numbers of tiles, row by row."""

    width: int
    height: int
    tiles: tuple[int, ...]


@dataclass(slots=True)
class TileTable:
    """The tiles of all pictures so far."""

    most: int = MOST_TILES
    """With so many it takes no further picture."""

    shapes: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Width and height by number."""
    pixels: list[bytes] = field(default_factory=list[bytes])
    """RGB by number, row by row."""
    _numbers: dict[tuple[int, bytes], int] = field(default_factory=dict[tuple[int, bytes], int])

    def mosaic(self, frame: Frame) -> Mosaic | None:
        """The picture in tiles, new ones joining the table; None once that is full."""
        if len(self.pixels) >= self.most:
            return None
        numbers: list[int] = []
        stride = 3 * frame.width
        for top in range(0, frame.height, TILE):
            bottom = min(top + TILE, frame.height)
            band = frame.rgb[top * stride : bottom * stride]
            shades = band.translate(_SHADES)
            rows = range(0, len(band), stride)
            for left in range(0, stride, 3 * TILE):
                right = min(left + 3 * TILE, stride)
                key = (right - left, b"".join([shades[r + left : r + right] for r in rows]))
                number = self._numbers.get(key)
                if number is None:
                    number = self._numbers[key] = len(self.pixels)
                    self.shapes.append(((right - left) // 3, bottom - top))
                    self.pixels.append(b"".join([band[r + left : r + right] for r in rows]))
                numbers.append(number)
        return Mosaic(width=frame.width, height=frame.height, tiles=tuple(numbers))


def drawn(table: TileTable, mosaic: Mosaic) -> bytes:
    """The RGB bytes of a picture; what the page does in the browser."""
    rows = [bytearray() for _ in range(mosaic.height)]
    across = -(-mosaic.width // TILE)
    for place, number in enumerate(mosaic.tiles):
        width, height = table.shapes[number]
        top = place // across * TILE
        for row in range(height):
            rows[top + row] += table.pixels[number][3 * width * row : 3 * width * (row + 1)]
    return b"".join(rows)
