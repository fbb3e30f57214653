"""What a configuration may say about Crafter."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from automem.records._struct import Record

Profile = Literal["corrected", "balrog", "paper"]


class CrafterOptions(Record):
    """`[environment]` keys beyond the name."""

    profile: Profile = "corrected"
    """`corrected` for playing and optimizing; `balrog` and `paper` to compare with those."""
    frame_pixels: Annotated[int, Meta(ge=63, le=2048)] = 252
    """Width and height of a picture."""
    inconsequential: ClassVar[tuple[str, ...]] = ("frame_pixels",)
    """What cannot change an episode, so that an evaluation stays the same without it."""
