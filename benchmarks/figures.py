"""One measured figure, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the table."""

    what: str
    measured: str
    about: str
    """How it was measured."""
    wanted: str = ""
    """The bound it must keep, if there is one."""


def bounded(what: str, measured: str, about: str, wanted: str, *, kept: bool) -> Figure:
    """A figure with a bound; where it is missed, the table says so."""
    return Figure(what, measured if kept else f"{measured}: **missed**", about, wanted)


def table(figures: Iterable[Figure]) -> str:
    """Markdown."""
    lines = ["| what | measured | wanted | how |", "|---|---|---|---|"]
    lines += [f"| {f.what} | {f.measured} | {f.wanted} | {f.about} |" for f in figures]
    return "\n".join(lines)
