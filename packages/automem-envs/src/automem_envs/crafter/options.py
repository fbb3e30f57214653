"""What a configuration may say about Crafter."""

from __future__ import annotations

from typing import Literal

from automem.records._struct import Record

Profile = Literal["corrected", "balrog", "paper"]


class CrafterOptions(Record):
    """`[environment]` keys beyond the name."""

    profile: Profile = "corrected"
    """`corrected` for playing and optimizing; `balrog` and `paper` to compare with those."""
