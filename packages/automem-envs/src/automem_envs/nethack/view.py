"""From a running game to what the player reads: text, inventory, position."""

from __future__ import annotations

from automem import Observation
from automem_envs.nethack.analysis import around
from automem_envs.nethack.game import Game
from automem_envs.nethack.language import Language, reworded
from automem_envs.nethack.options import DungeonOptions
from automem_envs.nethack.screen import inventory, map_text

_X, _Y, _DUNGEON, _LEVEL = 0, 1, 23, 24
_DUNGEONS_APART = 100


class View:
    """Writes observations in the wording of a profile, with what changed since the last one."""

    def __init__(self, options: DungeonOptions) -> None:
        self._profile = options.profile
        self._analyzes = options.map_analysis
        self._language = Language("true" if options.profile == "corrected" else "balrog")
        self._described: tuple[bytes, int, int] = (b"", 0, 0)
        self._description = ""
        self._carried = b""
        self._inventory = ""

    def observe(self, game: Game, rows: list[str], message: str, live: list[int]) -> Observation:
        """What is shown now.

        `rows` is the terminal, `live` the last statistics of the living player: at the end of a
        game all are 0, and the benchmark describes the map as seen from its corner.
        """
        x, y = live[_X], live[_Y]
        if self._profile != "corrected":
            x, y = game.stats[:2].tolist()
        row, column = game.cursor.tolist()
        described = (game.glyphs.tobytes(), x, y)
        if described != self._described:
            self._described = described
            self._description = self._language.describe(game.glyphs, x, y)
        pointed = self._language.cursor(game.glyphs, x, y, column, row)
        text = (
            f"message:\n{message}\n\nlanguage observation:\n{self._description}\n\n"
            f"cursor:\n{pointed}\n(x={column}, y={row})\n\nmap:\n{map_text(rows)}\n"
        )
        if self._analyzes:
            text += f"{around(game.glyphs, x, y)}\n"
        status = f"inventory:\n{self._carrying(game)}\n"
        if self._profile == "paper":
            text, status = reworded(text), reworded(status)
        level = _DUNGEONS_APART * live[_DUNGEON] + live[_LEVEL]
        return Observation(text=text, status=status, position=(live[_X], live[_Y], level))

    def _carrying(self, game: Game) -> str:
        carried = game.letters.tobytes() + game.items.tobytes()
        if carried != self._carried:
            self._carried = carried
            self._inventory = inventory(game.letters, game.items)
        return self._inventory
