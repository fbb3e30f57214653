"""A picture of the game, drawn by crafter itself, which leaves the game as it was."""

from __future__ import annotations

from typing import Any

import numpy as np

from automem.records.environment import Frame
from automem_envs.crafter.engine import constants, engine

_VIEW = np.array((9, 9))
_ITEM_ROWS = 2


class _Quiet(engine.LocalView):
    """The map without the flicker of the night."""

    def _noise(self, canvas: Any, amount: float, stddev: float) -> Any:
        return canvas


class Painter:
    """Holds crafter's textures; `draw` takes them at any size."""

    def __init__(self) -> None:
        self._textures: Any = engine.Textures(constants.root / "assets")

    def draw(self, world: Any, player: Any, pixels: int, *, noise: bool = True) -> Frame:
        """Draw `pixels` x `pixels`: the map above the inventory.

        At night crafter takes numbers from the world's random state; it is put back.
        """
        unit = np.array((pixels, pixels)) // _VIEW
        columns, rows = _VIEW.tolist()
        view_type = engine.LocalView if noise else _Quiet
        local = view_type(world, self._textures, [columns, rows - _ITEM_ROWS])
        items = engine.ItemView(self._textures, [columns, _ITEM_ROWS])
        random_state = world.random.get_state()
        try:
            view = np.concatenate([local(player, unit), items(player.inventory, unit)], axis=1)
        finally:
            world.random.set_state(random_state)
        canvas = np.zeros((pixels, pixels, 3), np.uint8)
        left, top = ((np.array((pixels, pixels)) - unit * _VIEW) // 2).tolist()
        canvas[left : left + view.shape[0], top : top + view.shape[1]] = view
        return Frame(width=pixels, height=pixels, rgb=canvas.transpose((1, 0, 2)).tobytes())
