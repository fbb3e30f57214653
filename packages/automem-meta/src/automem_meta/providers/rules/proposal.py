"""One edit that the rules can propose, with the measure that led to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from automem_meta.providers.rules.draft import Draft
from automem_meta.providers.rules.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Proposal:
    """An edit of a scaffold: a pure function of its texts."""

    name: str
    """Kind and object, such as `show-tail:log.txt`; the same edit has the same name in any run."""
    title: str
    failure: str
    """What was found, with its figures."""
    expected: str
    """What should be better afterwards."""
    weight: float
    """From 0 to 1: how bad the failure is; the worst comes first."""
    change: Callable[[Draft], None]


Detector = Callable[[Evidence], Iterator[Proposal]]
