"""A picture of the terminal, in its sixteen colors."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from automem.records.environment import Frame
from automem_envs.nethack.font import HEIGHT, WIDTH, shapes

_PALETTE: Final = (
    (0x55, 0x57, 0x53),  # black on black cannot be seen
    (0xCC, 0x00, 0x00),
    (0x4E, 0x9A, 0x06),
    (0xA8, 0x6A, 0x20),
    (0x47, 0x7C, 0xC9),
    (0x9A, 0x60, 0xA0),
    (0x06, 0x98, 0x9A),
    (0xC8, 0xCC, 0xC4),
    (0x88, 0x8A, 0x85),
    (0xFF, 0x8C, 0x2E),
    (0x8A, 0xE2, 0x34),
    (0xFC, 0xE9, 0x4F),
    (0x72, 0x9F, 0xFF),
    (0xE4, 0x8F, 0xDE),
    (0x34, 0xE2, 0xE2),
    (0xFF, 0xFF, 0xFF),
)


def draw(characters: npt.NDArray[np.uint8], colors: npt.NDArray[np.int8], scale: int) -> Frame:
    """Draw rows x columns of characters, each point of them `scale` pixels wide and high."""
    rows, columns = characters.shape
    palette = np.array(_PALETTE, np.uint8)
    points = shapes()[characters].transpose(0, 2, 1, 3)
    ink = palette[colors.astype(np.uint8) & 15][:, None, :, None, :]
    canvas = (points[..., None] * ink).reshape(rows * HEIGHT, columns * WIDTH, 3)
    canvas = canvas.repeat(scale, axis=0).repeat(scale, axis=1)
    height, width, _ = canvas.shape
    return Frame(width=width, height=height, rgb=canvas.tobytes())
