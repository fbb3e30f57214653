"""Whether the engines of a configuration fit on this machine: lines of `automem doctor CONFIG`."""

from __future__ import annotations

from automem.records._struct import Record


class Fit(Record):
    """What one engine comes to."""

    name: str
    """The engine and its model."""
    fits: bool | None
    """None where that cannot be told, as without a GPU."""
    text: str
    """How many episodes at once, or what to change."""
