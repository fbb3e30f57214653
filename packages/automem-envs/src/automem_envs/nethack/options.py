"""What a configuration may say about NetHack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from automem.records._struct import Record

Profile = Literal["corrected", "balrog", "paper"]
Engine = Literal["nle", "balrog-nle"]

CLOCK = 1718366400
"""2024-06-14, 12:00 UTC, when the recordings of the benchmark were made."""


class DungeonOptions(Record):
    """What NetHack and MiniHack have in common."""

    interpreters: ClassVar[Mapping[str, str]] = {"balrog-nle": "nethack-balrog"}
    """The named interpreter that an engine runs in, where it is not this one."""
    for_scaffolds: ClassVar[tuple[str, ...]] = ("map_analysis",)
    """What a scaffold may ask for by itself."""

    profile: Profile = "corrected"
    """`corrected` for playing and optimizing; `balrog` and `paper` to compare with those."""
    engine: Engine = "nle"
    """`nle` is NetHack 3.6.7; `balrog-nle` is the benchmark's NetHack 3.6.6, another game."""
    clock: Annotated[int, Meta(ge=0, lt=2**40)] = CLOCK
    """The time of day at which the game stands still, in seconds since 1970."""
    map_analysis: bool = False
    """Adds a section on the eight neighboring cells, and stairs and doors in sight."""
    frame_scale: Annotated[int, Meta(ge=1, le=4)] = 2
    """Pixels of a picture for each pixel of a character."""


class NetHackOptions(DungeonOptions):
    """`[environment]` keys beyond the name."""
