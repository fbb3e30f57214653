"""One thing that keeps a scaffold from being played."""

from __future__ import annotations

from automem.records._struct import Record


class Problem(Record):
    """Where it is and what to do about it, for a person or a model to act on."""

    where: str
    """File, and key or line, such as `scaffold.toml: operation SEARCH`."""
    text: str
