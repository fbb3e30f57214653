"""What a configuration may say about Crafter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from automem.records._struct import Record

Profile = Literal["corrected", "balrog", "paper"]


class CrafterOptions(Record):
    """`[environment]` keys beyond the name."""

    profile: Profile = "corrected"
    """`corrected` for playing and optimizing; `balrog` and `paper` to compare with those."""
    frame_pixels: Annotated[int, Meta(ge=63, le=2048)] = 252
    """Width and height of a picture."""
    frame_noise: bool = True
    """Whether the dark flickers in a picture, as crafter draws it."""
    inconsequential: ClassVar[tuple[str, ...]] = ("frame_pixels", "frame_noise")
    """What cannot change an episode, so that an evaluation stays the same without it."""
    compact_pictures: ClassVar[Mapping[str, Any]] = {"frame_pixels": 144, "frame_noise": False}
    """Options for a page that holds thousands of pictures: textures as they are, no noise."""
