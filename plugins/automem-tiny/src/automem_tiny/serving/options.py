"""Options of a role whose answers come from the engine of this package."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from automem.records._struct import Record


class TinyOptions(Record):
    """Keys of a `[roles.*]` section with `backend = "tiny"`."""

    max_num_seqs: Annotated[int, Meta(ge=1, le=256)] = 16
    """Most calls that are answered at the same moment; the others wait."""
    kept_tokens: Annotated[int, Meta(ge=0)] = 32_768
    """Of earlier conversations, which later ones may begin with."""
    inconsequential: ClassVar[tuple[str, ...]] = ("max_num_seqs", "kept_tokens")
    """What changes no answer but by rounding, so that an evaluation stays the same."""
