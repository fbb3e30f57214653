"""What a merge is told, apart from how it is done: the host writes it, and has no torch."""

from __future__ import annotations

from typing import Final, Literal

from automem.records._struct import Record

Dtype = Literal["float32", "bfloat16", "float16"]
MERGE: Final = "merge.json"


class MergeJob(Record):
    """`merge.json`: an adapter, its base, and what is to come of them in that folder."""

    base: str
    """The base's folder."""
    adapter: str
    """The adapter's folder."""
    scale: float
    """What the adapter's product is multiplied by."""
    dtype: Dtype
    """Of the weights that are written."""
