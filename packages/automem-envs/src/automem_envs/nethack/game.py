"""One running game of NetHack, a key at a time, the same for a seed in every process."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from weakref import finalize

import numpy as np
import numpy.typing as npt

from automem.errors import EnvironmentFailure
from automem_envs.nethack.clock import clock_patches, freeze_clock
from automem_envs.nethack.engine import LIBRARY, nethack
from automem_envs.nethack.screen import rows_of, shows_menu

_KEYS: Final = (
    "glyphs",
    "chars",
    "blstats",
    "message",
    "tty_chars",
    "tty_colors",
    "tty_cursor",
    "inv_strs",
    "inv_letters",
    "program_state",
    "internal",
)
ESCAPE: Final = 27
RETURN: Final = 13
SPACE: Final = 32
EVERY_QUESTION: Final = (b"",)
NO_QUESTION: Final[tuple[bytes, ...]] = ()
_QUIT: Final = (0x80 | ord("q"), ord("y"))
_MOST_PAGES: Final = 1000
"""Keys after which a game that has not begun, or will not end, is given up."""


class Game:
    """A copy of the library, its folder, and the arrays it writes after every key.

    The arrays are the same objects throughout; copy what has to last.
    """

    def __init__(
        self,
        *,
        character: str,
        clock: int,
        options: tuple[str, ...] | None = None,
        spawns_monsters: bool = True,
    ) -> None:
        self._nethack: Any = nethack.Nethack(
            observation_keys=_KEYS,
            playername=f"Agent-{character}",
            ttyrec=None,
            options=options,
            spawn_monsters=spawns_monsters,
        )
        self._close = finalize(self, self._nethack.close)
        self.folder = Path(self._nethack._vardir)
        patches = clock_patches(LIBRARY, clock)
        freeze_clock(Path(self._nethack.dlpath), patches)
        self.clock = str(clock) if patches else "not frozen"
        arrays: tuple[npt.NDArray[Any], ...] = self._nethack._obs
        by_name = dict(zip(_KEYS, arrays, strict=True))
        self.glyphs: npt.NDArray[np.int16] = by_name["glyphs"]
        self.characters: npt.NDArray[np.uint8] = by_name["chars"]
        self.stats: npt.NDArray[np.int64] = by_name["blstats"]
        self.screen: npt.NDArray[np.uint8] = by_name["tty_chars"]
        self.colors: npt.NDArray[np.int8] = by_name["tty_colors"]
        self.cursor: npt.NDArray[np.uint8] = by_name["tty_cursor"]
        self.items: npt.NDArray[np.uint8] = by_name["inv_strs"]
        self.letters: npt.NDArray[np.uint8] = by_name["inv_letters"]
        self._message: npt.NDArray[np.uint8] = by_name["message"]
        self._program: npt.NDArray[np.int32] = by_name["program_state"]
        self._internal: npt.NDArray[np.int32] = by_name["internal"]
        self.ended = True

    def reset(self, seed: int) -> None:
        """Begin the game of this seed. Raises EnvironmentFailure if it does not begin."""
        self._forget_games()
        self._nethack.set_initial_seeds(core=seed, disp=seed, reseed=False)
        self._nethack.reset()
        self.ended = False
        for _ in range(_MOST_PAGES):
            if self._program[3]:
                return
            self.press(SPACE)
        raise EnvironmentFailure(f"nethack: the game of seed {seed} does not begin")

    def press(self, key: int) -> None:
        """Press one key. Raises EnvironmentFailure after the end of the game."""
        if self.ended:
            raise EnvironmentFailure("nethack: a key was pressed, but no game goes on")
        _, self.ended = self._nethack.step(key)

    def dismiss(self, left_open: tuple[bytes, ...], *, keeps_menus: bool = False) -> None:
        """Leave pages and lines of text; questions too, but for those that say one of these."""
        while not self.ended:
            if self._internal[3]:
                if keeps_menus and shows_menu(rows_of(self.screen)):
                    return
                self.press(SPACE)
            elif self._internal[2]:
                self.press(ESCAPE)
            else:
                if self.asks and not any(words in self.message for words in left_open):
                    self.press(ESCAPE)
                return

    def quit(self) -> None:
        """Give the game up, so that it ends as games end."""
        self.dismiss(NO_QUESTION)
        for key in _QUIT:
            if not self.ended:
                self.press(key)
        self.dismiss(NO_QUESTION)

    def close(self) -> None:
        """Release the library and its folder. May be called twice."""
        self._close()
        self.ended = True

    @property
    def is_over(self) -> bool:
        """Death or another end has come; its last pages may still be shown."""
        return bool(self._program[0] == 1)

    @property
    def asks(self) -> bool:
        """A question waits for one key."""
        return bool(self._internal[1])

    @property
    def goes_on(self) -> bool:
        """Neither before its beginning nor after its end, so that `stats` are meaningful."""
        return not self.ended and bool(self._nethack.in_normal_game())

    @property
    def on_stairs_down(self) -> bool:
        """The player stands on them."""
        return bool(self._internal[4])

    @property
    def ascended(self) -> bool:
        """The game was won."""
        return self._nethack.how_done() == nethack.ASCENDED

    @property
    def died(self) -> bool:
        """It ended by a death, of whatever kind."""
        return self.is_over and self._nethack.how_done() not in (nethack.QUIT, nethack.ESCAPED)

    @property
    def message(self) -> bytes:
        """The last message, as the game keeps it."""
        return self._message.tobytes().split(b"\0", 1)[0]

    def _forget_games(self) -> None:
        """Empty the list of best games and saved ones, or the next game would know of this."""
        for name in ("record", "logfile", "xlogfile"):
            (self.folder / name).write_bytes(b"")
        for saved in (self.folder / "save").iterdir():
            saved.unlink()
