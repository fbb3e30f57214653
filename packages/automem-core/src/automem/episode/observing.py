"""Turns what a game shows into an event, and notices when nothing changes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from automem.records.environment import EnvironmentInfo, Observation
from automem.records.trace import Acted, Observed


def observed(
    step: int, observation: Observation, info: EnvironmentInfo, prefix: str = ""
) -> Observed:
    """The event of one observation.

    The hash leaves out the notice of an invalid action and what changes by itself, so that an
    action that did nothing can be told.
    """
    seen = f"{observation.text}\0{observation.status}"
    for pattern in info.volatile:
        seen = re.sub(pattern, "", seen)
    return Observed(
        step=step,
        text=observation.text,
        status=observation.status,
        prefix=prefix,
        position=observation.position,
        hash=hashlib.sha256(seen.encode("utf-8", "surrogatepass")).hexdigest()[:16],
    )


@dataclass(slots=True)
class Unchanged:
    """Counts actions in a row after which everything looks as before.

    A waiting action that was chosen is no surprise and begins the count anew; one that took the
    place of an invalid action is counted.
    """

    info: EnvironmentInfo
    count: int = 0

    def after(self, before: Observed, acted: Acted, now: Observed) -> int:
        """The count after one more action."""
        waited = acted.valid and acted.executed in self.info.waiting
        self.count = 0 if waited or now.hash != before.hash else self.count + 1
        return self.count
