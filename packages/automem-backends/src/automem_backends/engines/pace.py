"""How often engines are looked at, and how long is waited for what they should do."""

from __future__ import annotations

from automem.records._struct import Record


class Pace(Record):
    """Seconds; tests go faster."""

    poll: float = 0.25
    """Between looks at an engine that starts, and between lines of its log that are told."""
    check: float = 10.0
    """Between looks at an engine that runs, and longest until it says that it is well."""
    hung: float = 180.0
    """An engine that runs and did not say so for so long is ended and started again."""
    look: float = 10.0
    """How long a process may take to end after its connections broke."""
    grace: float = 10.0
    """How long a process may take to end when it is told to; then it is killed."""


USUAL = Pace()
